import type { Bytes } from '../domain/ports/backup.ts';

/** Reads at least `size` bytes, fewer only at the end; what is left can be read on from `rest`. */
export async function take(
  stream: Bytes,
  size: number,
): Promise<{ head: Buffer; rest: AsyncIterator<Uint8Array> }> {
  const rest = stream[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  for (let length = 0; length < size; ) {
    const next = await rest.next();
    if (next.done === true) break;
    pieces.push(next.value);
    length += next.value.length;
  }
  return { head: Buffer.concat(pieces), rest };
}

/** The stream as it was before its head was taken. */
export async function* putBack(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** The same bytes in pieces of at least `size`, but for the last: fewer, larger writes. */
export async function* inLargePieces(stream: Bytes, size: number): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stream) {
    held.push(piece);
    length += piece.length;
    if (length < size) continue;
    yield Buffer.concat(held);
    held = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(held);
}
