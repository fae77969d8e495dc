import { Failure } from '../../errors.ts';

/** What a cursor goes on in; one of another kind doesn't fit. */
export type CursorKind = 'keys' | 'expiring' | 'audit' | 'rotations';

/** An opaque cursor: kind, store and the sort values of the last row seen. */
export function encodeCursor(kind: CursorKind, storeId: string, position: readonly number[]): string {
  return Buffer.from([kind, storeId, ...position].join(' ')).toString('base64url');
}

/**
 * The sort values in a cursor that `encodeCursor` made with the same kind, store and count.
 * Throws `usage` for anything else.
 */
export function decodeCursor(
  cursor: string,
  kind: CursorKind,
  storeId: string,
  count: number,
): readonly number[] {
  const [madeFor, madeBy, ...rest] = Buffer.from(cursor, 'base64url').toString().split(' ');
  const position = rest.map(Number);
  const fits = madeFor === kind && madeBy === storeId && position.length === count;
  if (!fits || !position.every(Number.isSafeInteger) || encodeCursor(kind, storeId, position) !== cursor) {
    throw new Failure('usage', 'the value of --after does not continue this list', {
      hint: 'give --after the "next" of the page before, with the same filters',
    });
  }
  return position;
}
