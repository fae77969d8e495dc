import { Failure, PROGRAM } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import { change, type Ledger, signatureOf } from '../audit/change.ts';
import { newId } from '../ids.ts';
import type { Tokens } from '../ports/authorization.ts';
import type { OperatorAccess } from '../ports/secrets.ts';
import type { Readers, Transaction } from '../ports/store.ts';
import type { Actor, Random } from '../ports/system.ts';
import { archived } from '../workspaces/find.ts';
import { type App, type Grant, stampOf } from './app.ts';
import { beyondAllowlist, beyondRules, rulesOf } from './exceed.ts';
import { grantEntry } from './facts.ts';
import { sealTokens } from './held-tokens.ts';
import { personAt } from './reconnect.ts';
import { type AnswerHabits, type Comparison, compareScopes, type ProviderScope } from './scopes.ts';

/** What a consent, or a client's own credentials, brought. */
export interface Consent {
  /** As it was when its provider was asked. */
  readonly app: App;
  readonly kind: Grant['kind'];
  /** `DEFAULT_ACCOUNT` where the provider doesn't say, `CLIENT_ACCOUNT` for a client's own credentials. */
  readonly account: string;
  /** What the provider was asked for, after all narrowing. */
  readonly asked: readonly ProviderScope[];
  readonly tokens: Tokens;
  /** Where the consent came back to; null without a redirect. */
  readonly redirectUri: string | null;
  /** How the provider's answers call scopes. */
  readonly habits: AnswerHabits;
}

export interface Connected {
  /** With a `needsReason` when the provider granted more than allowlist and policy allow: no token of it is given out. */
  readonly grant: Grant;
  /** Granted against asked. */
  readonly comparison: Comparison;
  /** Was there a grant of this account? */
  readonly renewed: boolean;
}

/**
 * Stores a consent with its tokens, in one transaction: a new grant, or the one of this account renewed, whatever
 * became of it; its older tokens, an open refresh and a reason to authorize it again are gone then. The tokens are
 * bound to the server that they came from. Throws `forbidden` for who may not connect apps, `changed` when the app
 * was removed or got another client id meanwhile, `exists` rather than let a person's grant and one of the client's own
 * replace each other.
 */
export function recordGrant(
  ledger: Ledger,
  means: { readonly access: Pick<OperatorAccess, 'seal'>; readonly random: Random },
  consent: Consent,
): Promise<Connected> {
  const { at, actor } = signatureOf(ledger);
  return change(ledger, async (tx, record) => {
    const app = await appNow(tx, consent.app);
    await requireAllowed(tx, ledger.actor, app.workspaceId, { kind: 'connect-apps' });
    const before = await tx.grants.byAccount(app.id, accountOf(consent));
    if (before !== undefined && before.kind !== consent.kind) throw ofAnotherKind(app, before);
    await requireRenewable(tx, ledger.actor, app, before);
    const grant: Grant = {
      ...grantOf(consent, { at, actor }),
      id: before?.id ?? newId('grant', means.random),
      tokenVersion: (before?.tokenVersion ?? 0) + 1,
      needsReason: await forbiddenIn(tx, app, consent, actor),
    };
    if (before === undefined) await tx.write.grants.insert(grant);
    else await tx.write.grants.update(grant.id, valuesOf(grant));
    await tx.write.grants.removeIntent(grant.id);
    await sealTokens(
      tx,
      means.access,
      { app: consent.app, id: grant.id, version: grant.tokenVersion },
      consent.tokens,
    );
    const comparison = compareScopes(consent.asked, consent.tokens.scopes, consent.habits);
    const renewed = before !== undefined;
    const facts = { renewed, missing: comparison.missing, added: comparison.added, bound_to: grant.stamp };
    record(grantEntry('grant.authorize', grant, app, facts));
    return { grant, comparison, renewed };
  });
}

/**
 * Throws `forbidden` for who may not renew this grant: renewing what somebody else authorized takes it over, so it asks
 * for what taking it back would.
 */
export async function requireRenewable(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  { name, workspaceId }: Pick<App, 'name' | 'workspaceId'>,
  grant: Grant | undefined,
): Promise<void> {
  if (grant === undefined || grant.revokedAt !== null) return;
  const { account, authorizedBy } = grant;
  await requireAllowed(readers, actor, workspaceId, {
    kind: 'renew-grant',
    app: name,
    account,
    authorizedBy,
  });
}

function accountOf({ app, kind, account }: Consent): string {
  return kind === 'user' ? personAt(app, account) : account;
}

function ofAnotherKind(app: App, { account }: Grant): Failure {
  const message = `${app.name} has an account ${account} of another kind, which would be replaced`;
  return new Failure('exists', message, { hint: `${PROGRAM} apps show ${app.id}` });
}

/** What was granted; when the answer doesn't say, what was asked (RFC 6749 section 5.1). */
function grantedBy({ asked, tokens }: Consent): readonly ProviderScope[] {
  return tokens.scopes ?? asked;
}

function grantOf(
  consent: Consent,
  { at, actor }: { at: number; actor: string },
): Omit<Grant, 'id' | 'tokenVersion' | 'needsReason'> {
  const { app, kind, redirectUri, asked, tokens } = consent;
  return {
    ...{
      appId: app.id,
      workspaceId: app.workspaceId,
      account: accountOf(consent),
      kind,
      stamp: stampOf(app.server),
      redirectUri,
    },
    ...{ asked, granted: grantedBy(consent), authorizedAt: at, authorizedBy: actor },
    ...{
      tokenExpiresAt: tokens.expiresAt,
      refreshable: tokens.refreshToken !== undefined,
      refreshedAt: null,
    },
    ...{ revokedAt: null, revocationPending: false },
  };
}

function valuesOf({ id: _, appId: __, workspaceId: ___, ...values }: Grant) {
  return values;
}

/** Why this may not be used though it was consented to: a provider can grant more than it was asked for. */
async function forbiddenIn(
  tx: Transaction,
  app: App,
  consent: Consent,
  actor: string,
): Promise<string | null> {
  const { asked, habits } = consent;
  const grant = { asked, granted: grantedBy(consent), authorizedBy: actor };
  const rules = await rulesOf(tx, app.workspaceId);
  return beyondAllowlist(grant, app.allowlist, habits) ?? beyondRules(grant, rules) ?? null;
}

/** A consent may take minutes: the tokens are those of the client that was asked for. */
async function appNow(tx: Transaction, asked: App): Promise<App> {
  const app = await tx.apps.byId(asked.id);
  const workspace = await tx.workspaces.byId(asked.workspaceId);
  if (workspace !== undefined && workspace.archivedAt !== null) throw archived(workspace.slug);
  if (app?.removedAt === null && app.clientId === asked.clientId) return app;
  const what = app?.removedAt === null ? 'got another client id' : 'was removed';
  throw new Failure('changed', `${asked.name} ${what} meanwhile; nothing was stored`, {
    hint: `${PROGRAM} apps list`,
  });
}
