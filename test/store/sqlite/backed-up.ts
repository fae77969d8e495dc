import type { Bytes } from '../../../src/domain/ports/backup.ts';
import type { Store } from '../../../src/domain/ports/store.ts';
import type { StoreDeps } from '../../../src/store/deps.ts';
import { copiedStore, snapshotStore } from '../../../src/store/open.ts';

/** A store's bytes, as `backup create` takes them. */
export async function backedUp(location: string, deps: StoreDeps): Promise<Buffer> {
  const snapshot = await snapshotStore(location, deps);
  const bytes = await bytesOf(snapshot.database);
  await snapshot.discard();
  return bytes;
}

/** Puts them in place of the store's, as `backup restore` does. */
export async function restore(
  { location, store }: { location: string; store: Store },
  deps: StoreDeps,
  bytes: Uint8Array,
): Promise<void> {
  const head = await store.audit.head();
  await copiedStore(location, deps, inPieces(bytes), (copy) => copy.replace(head));
}

export async function bytesOf(database: Bytes): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of database) parts.push(part);
  return Buffer.concat(parts);
}

export async function* inPieces(bytes: Uint8Array, size = 10_000): Bytes {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}
