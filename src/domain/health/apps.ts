import { Failure, PROGRAM } from '../../errors.ts';
import type { App, Grant } from '../apps/app.ts';
import { type Held, heldNow, nameOf, reconnect } from '../apps/reconnect.ts';
import { hasEnded, statusOfGrant } from '../apps/status.ts';
import type { Readers } from '../ports/store.ts';
import type { AppComparison } from './compare-apps.ts';
import type { GrantComparison } from './compare-grants.ts';
import type { HealthFinding } from './examine.ts';

/** A refresh that was sent and not stored for longer than this has nobody at it any more, ms. */
const SENT_FOR = 10 * 60_000;

/** Of a row that was edited, and of one that another one needs and that is gone. */
const DAMAGE: ReadonlySet<string> = new Set(['store_damaged', 'not_found']);

/**
 * What authorizing apps left behind that somebody should look at, and apps and grants that are not as the log tells
 * (without `known` nobody knows that). `now`: ms.
 */
export async function appFindings(
  store: Readers,
  now: number,
  known?: { readonly apps: AppComparison; readonly grants: GrantComparison },
): Promise<readonly HealthFinding[]> {
  try {
    return [
      ...(await editedApps(store, known?.apps)),
      ...(await editedGrants(store, known?.grants)),
      ...(await pendingRevocations(store, now)),
      ...(await openRefreshes(store, now)),
      ...(await unusableGrants(store, now)),
    ];
  } catch (error) {
    if (!(error instanceof Failure) || !DAMAGE.has(error.code)) throw error;
    // One row hides the others; it is the one to be looked at first.
    const hint = `${PROGRAM} audit list --action app`;
    return [{ code: 'app_damaged', message: error.message, hint, fixable: false }];
  }
}

async function editedApps(
  store: Readers,
  comparison: AppComparison | undefined,
): Promise<readonly HealthFinding[]> {
  return (await actedUpon(store)).flatMap((app) => {
    const difference = comparison?.app(app);
    if (difference === undefined) return [];
    return {
      code: 'app_differs',
      message: `${app.name} (${app.id}) was changed behind the program's back: ${difference.reason}`,
      hint: `${PROGRAM} audit list --action app`,
      fixable: false,
    };
  });
}

async function editedGrants(
  store: Readers,
  comparison: GrantComparison | undefined,
): Promise<readonly HealthFinding[]> {
  const differences = comparison?.differences(await store.grants.all(), await store.apps.all()) ?? [];
  return differences.map(({ target, reason }) => ({
    code: 'grant_differs',
    message: `${target} was changed behind the program's back: ${reason}`,
    hint: `${PROGRAM} audit list --action grant`,
    fixable: false,
  }));
}

/** Removed apps as well, while something of theirs is to be sent to a provider. */
async function actedUpon(store: Readers): Promise<readonly App[]> {
  const apps = new Map((await store.apps.all()).map((app) => [app.id, app]));
  for (const { id } of await store.grants.revocationsPending()) {
    const { app } = await heldNow(store, id);
    apps.set(app.id, app);
  }
  return [...apps.values()];
}

async function pendingRevocations(store: Readers, now: number): Promise<readonly HealthFinding[]> {
  const findings: HealthFinding[] = [];
  for (const { id } of await store.grants.revocationsPending()) {
    const held = await heldNow(store, id);
    const left = hasEnded(held.grant, now)
      ? 'and its tokens have ended meanwhile, so nothing is left to take back'
      : 'and its provider was not told yet, so who has its tokens may go on using them';
    findings.push({
      code: 'revocation_pending',
      message: `${nameOf(held)} is revoked here, ${left}`,
      hint: `${PROGRAM} doctor --fix`,
      fixable: true,
    });
  }
  return findings;
}

async function openRefreshes(store: Readers, now: number): Promise<readonly HealthFinding[]> {
  const findings: HealthFinding[] = [];
  for (const { grantId, uncertain, sentAt } of await store.grants.intents()) {
    if (!uncertain && now - sentAt < SENT_FOR) continue;
    const held = await heldNow(store, grantId);
    findings.push({
      code: 'refresh_uncertain',
      message: `nobody knows whether a refresh of ${nameOf(held)} was carried out: it was sent, and its answer was not stored; when its token no longer works, authorize it again`,
      hint: await reconnect(store, held),
      fixable: false,
    });
  }
  return findings;
}

/** Those that were marked are named with the reason; those of nobody, since no one answers for them. */
async function unusableGrants(store: Readers, now: number): Promise<readonly HealthFinding[]> {
  const findings: HealthFinding[] = [];
  const members = new Map<string, ReadonlySet<string>>();
  for (const { id } of await store.workspaces.all())
    members.set(id, new Set((await store.workspaces.members(id)).map(({ name }) => name)));
  for (const grant of await store.grants.all()) {
    if (grant.revokedAt !== null) continue;
    const orphaned = members.get(grant.workspaceId)?.has(grant.authorizedBy) !== true;
    if (grant.needsReason === null && !orphaned && statusOfGrant(grant, now) !== 'expired') continue;
    findings.push(await unusable(store, await heldNow(store, grant.id), orphaned));
  }
  return findings;
}

async function unusable(store: Readers, held: Held, orphaned: boolean): Promise<HealthFinding> {
  return {
    code: 'grant_needs_authorization',
    message: `${nameOf(held)} must be authorized again: ${whyOf(held.grant, orphaned)}`,
    hint: await reconnect(store, held),
    fixable: false,
  };
}

function whyOf({ needsReason, authorizedBy }: Grant, orphaned: boolean): string {
  if (needsReason !== null) return needsReason;
  return orphaned
    ? `${authorizedBy}, who authorized it, is no member`
    : 'its token has expired, and nothing renews it';
}
