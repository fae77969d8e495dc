import { type Held, nameOf } from '../../domain/apps/reconnect.ts';
import type { KeyToKeep, RestorePlan } from '../../domain/backup/plan.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import { publicKey } from '../../domain/keys/token.ts';
import { counted } from '../plural.ts';
import { goesBackJson, goesBackLines, goingBack, WIDER } from './goes-back-lines.ts';

const MOST_NAMED = 10;

/** The kinds of keys that a restore tells of. */
interface PlannedKeys {
  readonly revoked: readonly ApiKey[];
  readonly disabled: readonly ApiKey[];
  readonly rotated: readonly ApiKey[];
  readonly rolledBack: readonly ApiKey[];
  readonly nearer: readonly ApiKey[];
  readonly lost: readonly ApiKey[];
  readonly back: readonly ApiKey[];
  /** Grants of apps that nobody here will know of. */
  readonly grantsLost: readonly Held[];
}

function keysOf({ keys, lost, back, grantsLost }: RestorePlan): PlannedKeys {
  const those = (fits: (one: KeyToKeep) => boolean) => keys.filter(fits).map(({ key }) => key);
  const alive = ({ fate }: KeyToKeep): boolean => !fate.revoked;
  return {
    revoked: those(({ fate }) => fate.revoked),
    disabled: those((one) => alive(one) && one.fate.disable === 'disabled'),
    rotated: those((one) => alive(one) && one.fate.disable === 'rotated'),
    rolledBack: those((one) => alive(one) && one.fate.disable === undefined && isRolledBack(one)),
    // Each key once: one that comes back disabled is told of there.
    nearer: those(
      (one) => alive(one) && one.fate.disable === undefined && !isRolledBack(one) && endsSooner(one.fate),
    ),
    lost,
    back,
    grantsLost,
  };
}

/** The plan for `--json`; all of it empty where there was no store. Fields are only ever added. */
export function planJson(plan: RestorePlan | undefined, undoRevocations: boolean): object {
  const keys = plan === undefined ? undefined : keysOf(plan);
  const ids = (list: readonly ApiKey[] = []) => list.map((key) => publicKey(key));
  const names = (list: readonly { readonly name: string }[] = []) => list.map(({ name }) => name);
  const ends = plan?.keys.filter(({ fate }) => !fate.revoked && endsSooner(fate)).map(({ key }) => key);
  return {
    revocations_kept: undoRevocations ? [] : ids(keys?.revoked),
    revocations_undone: undoRevocations ? ids(keys?.revoked) : [],
    kept_disabled: ids(keys?.disabled),
    disabled_for_rotation: ids(keys?.rotated),
    lost: ids(keys?.lost),
    grants_kept_revoked: plan === undefined ? [] : revokedGrants(plan).map(({ before }) => before.id),
    grants_lost: keys?.grantsLost.map(({ grant }) => grant.id) ?? [],
    unchanged: plan?.unchanged ?? false,
    ends_kept: ids(ends),
    rollbacks_kept: ids(
      plan?.keys.filter((one) => !one.fate.revoked && isRolledBack(one)).map(({ key }) => key),
    ),
    back: ids(keys?.back),
    integrations_kept_disabled: names(plan?.integrations),
    workspaces_kept_archived: (plan?.workspaces ?? []).map(({ workspace }) => workspace.slug),
    slots_lost: names(plan?.slotsLost),
    slots_back: names(plan?.slotsBack),
    goes_back: plan === undefined ? [] : goingBack(plan, undoRevocations).map(goesBackJson),
  };
}

function isRolledBack({ fate }: KeyToKeep): boolean {
  return fate.rolledBack !== undefined;
}

function endsSooner({ expiresAt, cutOffs }: KeyToKeep['fate']): boolean {
  return expiresAt !== undefined || cutOffs.length > 0;
}

/** What going back means, a line each, for the person who is asked. */
export function planLines(plan: RestorePlan, entries: number, undoRevocations: boolean): readonly string[] {
  const { revoked, disabled, rotated, rolledBack, nearer, lost, back } = keysOf(plan);
  const again = undoRevocations ? 'to verify again' : 'to stay revoked';
  const slots = (list: RestorePlan['slotsLost']) =>
    list.map(({ name, kind }) => `${name} (${kind})`).join(', ');
  const line = (text: string, there: boolean): readonly string[] => (there ? [text] : []);
  return [
    plan.unchanged
      ? `nothing was changed since the backup: the store is at entry ${entries}, and so is the backup`
      : `the store goes back from entry ${plan.head?.seq ?? 0} to entry ${entries}; what changed since is undone, except as told here`,
    ...named(revoked, `revoked since the backup, ${again}`),
    ...named(disabled, 'disabled since, to stay disabled'),
    ...named(
      rotated,
      'rotated since, so with a version that was to end: to be disabled until {keywright} keys rotate NAME --grace 0 --yes ends it, then keys enable',
    ),
    ...named(rolledBack, 'with a delivery that was rolled back since, to stay so'),
    ...named(nearer, 'with an end that was brought nearer since, to keep it'),
    ...line(
      `stay disabled: ${plan.integrations.map(({ name }) => name).join(', ')} and what is bound to them`,
      plan.integrations.length > 0,
    ),
    ...line(
      `stay archived: ${plan.workspaces.map(({ workspace }) => workspace.slug).join(', ')}`,
      plan.workspaces.length > 0,
    ),
    ...goesBackLines(goingBack(plan, undoRevocations)),
    ...named(lost, 'made after the backup, to be lost and verify no more'),
    ...named(back, `that the store does not have, to be there again${WIDER}`),
    ...line(
      `${counted(revokedGrants(plan).length, 'grant')} of apps revoked since the backup, to stay revoked`,
      revokedGrants(plan).length > 0,
    ),
    ...namedGrants(plan.grantsLost),
    ...line(`slots that won't open it any more: ${slots(plan.slotsLost)}`, plan.slotsLost.length > 0),
    ...line(
      `slots that were removed or changed since and open it again: ${slots(plan.slotsBack)}; slots rekey ends that`,
      plan.slotsBack.length > 0,
    ),
  ];
}

function revokedGrants({ grants }: RestorePlan): RestorePlan['grants'] {
  return grants.filter(({ before, now }) => before.revokedAt === null && now?.revokedAt !== null);
}

/** The provider still honours them, and nobody here will know. */
function namedGrants(lost: readonly Held[]): readonly string[] {
  if (lost.length === 0) return [];
  const names = lost.slice(0, MOST_NAMED).map((held) => `  ${nameOf(held)}`);
  const more = lost.length > MOST_NAMED ? [`  and ${lost.length - MOST_NAMED} more`] : [];
  const what = 'of apps made after the backup, to be forgotten here and not at the provider: revoke before';
  return [`${counted(lost.length, 'grant')} ${what}:`, ...names, ...more];
}

function named(keys: readonly ApiKey[], what: string): readonly string[] {
  if (keys.length === 0) return [];
  const names = keys.slice(0, MOST_NAMED).map((key) => `  ${key.name}  ${publicKey(key)}`);
  const more = keys.length > MOST_NAMED ? [`  and ${keys.length - MOST_NAMED} more`] : [];
  return [`${counted(keys.length, 'key')} ${what}:`, ...names, ...more];
}
