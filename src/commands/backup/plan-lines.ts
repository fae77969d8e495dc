import type { KeyToKeep, RestorePlan } from '../../domain/backup/plan.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import { publicKey } from '../../domain/keys/token.ts';
import { counted } from '../plural.ts';

const MOST_NAMED = 10;

/** The kinds of keys that a restore tells of. */
export interface PlannedKeys {
  readonly revoked: readonly ApiKey[];
  readonly disabled: readonly ApiKey[];
  readonly rotated: readonly ApiKey[];
  readonly nearer: readonly ApiKey[];
  readonly lost: readonly ApiKey[];
}

export function keysOf({ keys, lost }: RestorePlan): PlannedKeys {
  const those = (fits: (one: KeyToKeep) => boolean) => keys.filter(fits).map(({ key }) => key);
  const alive = ({ fate }: KeyToKeep): boolean => !fate.revoked;
  return {
    revoked: those(({ fate }) => fate.revoked),
    disabled: those((one) => alive(one) && one.fate.disable === 'disabled'),
    rotated: those((one) => alive(one) && one.fate.disable === 'rotated'),
    nearer: those((one) => alive(one) && (one.fate.expiresAt !== undefined || one.fate.cutOffs.length > 0)),
    lost,
  };
}

/** What going back means, a line each, for the person who is asked. */
export function planLines(plan: RestorePlan, entries: number, undoRevocations: boolean): readonly string[] {
  const { revoked, disabled, rotated, nearer, lost } = keysOf(plan);
  const again = undoRevocations ? 'to verify again' : 'to stay revoked';
  const slots = (list: RestorePlan['slotsLost']) =>
    list.map(({ name, kind }) => `${name} (${kind})`).join(', ');
  const line = (text: string, there: boolean): readonly string[] => (there ? [text] : []);
  return [
    `the store goes back from entry ${plan.head?.seq ?? 0} to entry ${entries}; what changed since is undone, except as told here`,
    ...named(revoked, `revoked since the backup, ${again}`),
    ...named(disabled, 'disabled since, to stay disabled'),
    ...named(
      rotated,
      'rotated since, so with a version that was to end: to be disabled until {keywright} keys rotate, then keys enable',
    ),
    ...named(nearer, 'with an end that was brought nearer since, to keep it'),
    ...line(
      `stay disabled: ${plan.integrations.map(({ name }) => name).join(', ')} and what is bound to them`,
      plan.integrations.length > 0,
    ),
    ...line(
      `stay archived: ${plan.workspaces.map(({ workspace }) => workspace.slug).join(', ')}`,
      plan.workspaces.length > 0,
    ),
    ...named(lost, 'made after the backup, to be lost and verify no more'),
    ...line(`slots that won't open it any more: ${slots(plan.slotsLost)}`, plan.slotsLost.length > 0),
    ...line(
      `slots that were removed or changed since and open it again: ${slots(plan.slotsBack)}; slots rekey ends that`,
      plan.slotsBack.length > 0,
    ),
  ];
}

function named(keys: readonly ApiKey[], what: string): readonly string[] {
  if (keys.length === 0) return [];
  const names = keys.slice(0, MOST_NAMED).map((key) => `  ${key.name}  ${publicKey(key)}`);
  const more = keys.length > MOST_NAMED ? [`  and ${keys.length - MOST_NAMED} more`] : [];
  return [`${counted(keys.length, 'key')} ${what}:`, ...names, ...more];
}
