import type { Context } from '../../context.ts';
import { keyId } from '../../domain/ids.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Store } from '../../domain/ports/store.ts';
import { refuseUnfinishable } from '../../domain/rotations/deliver.ts';
import { planFor } from '../../domain/rotations/issue.ts';
import { requireGoingOn } from '../../domain/rotations/journal.ts';
import type { Rotation } from '../../domain/rotations/rotation.ts';
import { Failure } from '../../errors.ts';
import type { Column } from '../../terminal/output.ts';
import { moment, rfc3339 } from '../../terminal/time.ts';
import type { Shown } from '../keys/describe.ts';
import { keepsGrace, type RotateWish } from './one.ts';

/** What `keys rotate` would do with a key. */
interface Planned {
  readonly shown: Shown;
  readonly does: 'rotate' | 'go on' | 'leave alone' | 'refuse';
  readonly version: number;
  /** ms; undefined where nothing is issued. */
  readonly expiresAt?: number | null;
  /** ms; null while the delivery is open. */
  readonly oldUntil?: number | null;
  readonly why?: string;
  /** What it would end with, where it is refused. */
  readonly failure?: Failure;
}

/** What would happen to each key; unlocks and changes nothing. */
export async function plansFor(
  context: Context,
  store: Store,
  keys: readonly Shown[],
  wish: RotateWish,
): Promise<readonly Planned[]> {
  const items: Planned[] = [];
  for (const shown of keys) items.push(await planned(context, store, shown, wish));
  return items;
}

/** Shows it. Throws what the first refused key would end with, at once when it is the only one. */
export async function showPlans(context: Context, items: readonly Planned[]): Promise<undefined> {
  const now = context.now();
  const refused = items.filter(({ failure }) => failure !== undefined);
  const [{ failure, shown } = {}] = refused;
  if (failure !== undefined && items.length === 1) throw failure;
  await context.out.say('nothing was done; this is what would be:');
  await context.out.list({
    key: 'keys',
    columns: columns(now),
    json: jsonOf,
    pages: (async function* () {
      yield { items, next: null };
    })(),
    empty: { message: 'no key fits' },
  });
  if (failure === undefined) return undefined;
  const message = `${refused.length} of ${items.length} keys would be refused; ${shown?.key.name}: ${failure.message}`;
  throw new Failure(failure.code, message, { hint: failure.hint, cause: failure });
}

async function planned(context: Context, store: Store, shown: Shown, wish: RotateWish): Promise<Planned> {
  const { key } = shown;
  const [actor, now] = [context.actor(), context.now()];
  const open = await store.rotations.open(key.kid);
  try {
    if (open !== undefined && wish.delivery !== undefined) {
      await requireGoingOn(store, actor, { key, rotation: open }, now);
      refuseUnfinishable(open, wish.delivery);
      return goesOn(shown, open, wish);
    }
    if (open === undefined && wish.olderThan !== undefined && now - key.issuedAt < wish.olderThan)
      return { shown, does: 'leave alone', version: key.version };
    const { version, expiresAt, cutOff } = await planFor(store, actor, key, wish.request, now);
    return { shown, does: 'rotate', version, expiresAt, oldUntil: cutOff };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { shown, does: 'refuse', version: key.version, why: error.message, failure: error };
  }
}

function goesOn(shown: Shown, open: Rotation, wish: RotateWish): Planned {
  const kept = [
    ...(wish.request.expiresAt === undefined ? [] : ['--expires is not for an open delivery']),
    ...(keepsGrace(open, wish) ? ['--grace is longer than its own'] : []),
  ];
  const why = kept.length === 0 ? {} : { why: kept.join('; ') };
  const { expiresAt } = shown.key;
  return { shown, does: 'go on', version: open.toVersion, expiresAt, oldUntil: null, ...why };
}

function columns(now: number): readonly Column<Planned>[] {
  const when = (at: number | null | undefined): string => (at == null ? '' : rfc3339(at));
  return [
    { header: 'PUBLIC KEY', tsv: ({ shown }) => publicKey(shown.key) },
    { header: 'NAME', tsv: ({ shown }) => shown.key.name, flexible: true },
    { header: 'WOULD', tsv: ({ does }) => does },
    { header: 'FROM', tsv: ({ shown }) => String(shown.key.version) },
    { header: 'TO', tsv: ({ version }) => String(version) },
    {
      header: 'OLD VALID UNTIL',
      tsv: ({ oldUntil }) => when(oldUntil),
      cell: ({ oldUntil, does }) =>
        oldUntil == null ? (does === 'rotate' || does === 'go on' ? 'delivered' : '') : moment(oldUntil, now),
    },
    {
      header: 'EXPIRES',
      tsv: ({ expiresAt }) => when(expiresAt),
      cell: ({ expiresAt }) =>
        expiresAt === undefined ? '' : expiresAt === null ? 'never' : moment(expiresAt, now),
    },
    { header: 'WHY', tsv: ({ why }) => why ?? '', flexible: true, lesser: true },
  ];
}

function jsonOf({ shown, does, version, expiresAt, oldUntil, why }: Planned): object {
  const time = (at: number | null | undefined): string | null => (at == null ? null : rfc3339(at));
  return {
    id: keyId(shown.key.kid),
    public_key: publicKey(shown.key),
    name: shown.key.name,
    workspace: shown.workspace,
    would: does.replace(' ', '_'),
    from_version: shown.key.version,
    to_version: version,
    expires_at: time(expiresAt),
    old_valid_until: time(oldUntil),
    reason: why ?? null,
  };
}
