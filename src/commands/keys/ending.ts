import type { Page } from '../../domain/keys/key.ts';
import type { PageRequest } from '../../domain/ports/store.ts';
import type { EndingDelivery } from '../../domain/rotations/open.ts';
import type { Column } from '../../terminal/output.ts';
import { rfc3339 } from '../../terminal/time.ts';
import { rotationJson } from '../rotations/describe.ts';
import { away, expiry, keyColumns, keyJson, type Shown } from './describe.ts';

/** A key in a list; `ending` when it is there because of a delivery that is open while the version in use ends. */
export interface Listed extends Shown {
  readonly ending?: EndingDelivery;
}

/**
 * Puts the keys whose delivery is open before a list of keys that expire, each key once. `read` gives pages of that
 * list; a cursor of this one is a place among the deliveries, or the list's own.
 */
export async function pageWithEnding(
  ending: readonly EndingDelivery[],
  show: Show,
  request: PageRequest,
  read: (request: PageRequest) => Promise<Page<Shown>>,
): Promise<Page<Listed>> {
  const among = placeAmong(request.after);
  if (request.after !== undefined && among === undefined) return without(await read(request), ending);
  const left = ending.filter((one) => among === undefined || placeOf(one) > among);
  const first = left.slice(0, request.limit).map((one) => ({ ...show(one.key), ending: one }));
  const last = first.at(-1);
  if (last !== undefined && first.length === request.limit)
    return { items: first, next: `${CURSOR}${placeOf(last.ending)}` };
  const rest = await read({ limit: request.limit - first.length, after: undefined });
  return { ...rest, items: [...first, ...without(rest, ending).items] };
}

type Show = (key: EndingDelivery['key']) => Shown;

const CURSOR = 'delivery-';

function placeAmong(after: string | undefined): string | undefined {
  return after?.startsWith(CURSOR) ? after.slice(CURSOR.length) : undefined;
}

/** Sorts as the deliveries do: by their end, then by key. */
function placeOf({ key, until }: EndingDelivery): string {
  return `${String(until).padStart(16, '0')}-${key.kid}`;
}

function without(page: Page<Shown>, ending: readonly EndingDelivery[]): Page<Shown> {
  const there = new Set(ending.map(({ key }) => key.kid));
  return { ...page, items: page.items.filter(({ key }) => !there.has(key.kid)) };
}

/** The columns of `keys list`: EXPIRES is the end of the version in use. */
export function listColumns(now: number): readonly Column<Listed>[] {
  return keyColumns(now).map((column) => {
    if (column.header !== 'EXPIRES') return column;
    const own = column.cell ?? column.tsv;
    return {
      ...column,
      tsv: (one) => (one.ending === undefined ? column.tsv(one) : rfc3339(one.ending.until)),
      cell: (one) =>
        one.ending === undefined
          ? own(one)
          : `${away(one.ending.until, now)} (version ${one.ending.rotation.fromVersion})`,
    };
  });
}

/** A key of `keys list --json`: with the rotation that it is there for, as in `keys show --json`. */
export function listJson(one: Listed, now: number): object {
  if (one.ending === undefined) return keyJson(one, now);
  const { rotation, old } = one.ending;
  return { ...keyJson(one, now), rotation: rotationJson(rotation, old) };
}

/** When what is in use expires, for an annotation; `expired` when it has. */
export function endingText({ key, ending }: Listed, now: number): { expired: boolean; text: string } {
  if (ending === undefined) {
    const expired = key.expiresAt !== null && key.expiresAt <= now;
    return { expired, text: expired ? 'has expired' : expiry(key.expiresAt, now) };
  }
  const { rotation, until } = ending;
  const expired = until <= now;
  const end = expired ? 'has expired' : expiry(until, now);
  return {
    expired,
    text: `version ${rotation.fromVersion} ${end}, and version ${rotation.toVersion} is not delivered`,
  };
}
