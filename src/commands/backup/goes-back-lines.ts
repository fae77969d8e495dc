import type { GoesBack } from '../../domain/backup/goes-back.ts';
import type { RestorePlan } from '../../domain/backup/plan.ts';
import { keyId } from '../../domain/ids.ts';
import { rfc3339 } from '../../terminal/time.ts';

/** Behind whatever allows more once the store has gone back. */
export const WIDER = ' (allows more than now)';
const MOST_NAMED = 20;

/** What goes back, but for keys that stay revoked, of which nothing else matters. What allows more comes first. */
export function goingBack(
  { goesBack, keys }: Pick<RestorePlan, 'goesBack' | 'keys'>,
  undoRevocations: boolean,
): readonly GoesBack[] {
  const revoked = new Set(keys.filter(({ fate }) => fate.revoked).map(({ key }) => key.kid));
  const told = goesBack.filter(({ of, id }) => undoRevocations || of !== 'key' || !revoked.has(id));
  return [...told.filter(({ widens }) => widens), ...told.filter(({ widens }) => !widens)];
}

/** A line each, under a heading. */
export function goesBackLines(changes: readonly GoesBack[]): readonly string[] {
  if (changes.length === 0) return [];
  const lines = changes.slice(0, MOST_NAMED).map((one) => `  ${text(one)}${one.widens ? WIDER : ''}`);
  const left = changes.slice(MOST_NAMED);
  const wider = left.filter(({ widens }) => widens).length;
  const more = `  and ${left.length} more, ${wider === 0 ? 'none' : wider} of which ${wider === 1 ? 'allows' : 'allow'} more than now; --json names all`;
  return ['goes back to what it was:', ...lines, ...(left.length > 0 ? [more] : [])];
}

/** For `--json`. Fields are only ever added. */
export function goesBackJson({ of, workspace, id, name, field, now, then, widens }: GoesBack): object {
  const value = (one: GoesBack['now']) =>
    field === 'expires_at' && typeof one === 'number' ? rfc3339(one) : one;
  const target = of === 'key' ? keyId(id) : id;
  return { of, workspace, target, name, field, from: value(now), to: value(then), widens };
}

function text({ of, workspace, name, field, now, then }: GoesBack): string {
  const what = of === 'key' || of === 'workspace' ? `${of} ${name}` : `${of} ${name} of ${workspace}`;
  if (field === 'there') return `${what}: ${then === true ? 'there again' : 'gone'}`;
  if (of === 'member' && then === null) return `${what}: no member any more`;
  if (of === 'member' && now === null) return `${what}: ${String(then)} again`;
  const word = field.replaceAll('_', ' ');
  if (typeof then === 'boolean') return `${what}: ${then ? '' : 'not '}${word} again`;
  const about = of === 'policy' ? `policy of ${workspace}: ${word}` : `${what}: ${word}`;
  return `${about} ${valueText(field, now)} -> ${valueText(field, then)}`;
}

function valueText(field: string, value: GoesBack['now']): string {
  if (value === null && (field === 'allowed_scopes' || field === 'redirect_port')) return 'any';
  if (field === 'networks' && Array.isArray(value) && value.length === 0) return 'any';
  if (Array.isArray(value)) return value.length === 0 ? 'nothing' : value.join(' ');
  if (field === 'expires_at') return typeof value === 'number' ? rfc3339(value) : 'never';
  if (value === null) return field === 'longest_life' ? 'no limit' : 'none';
  return String(value);
}
