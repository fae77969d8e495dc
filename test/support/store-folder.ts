import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LockHolder, StoreDeps } from '../../src/store/deps.ts';

/** A 0700 folder of its own for one test, the path of a store in it, and how to take it away. */
export function storeFolder(): { folder: string; path: string; location: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'keywright-store-'));
  const path = join(folder, 'keywright.db');
  return {
    folder,
    path,
    location: `sqlite:${path}`,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Real random bytes, this user, waits noted in `waits`. */
export function storeDeps(change: Partial<StoreDeps> = {}): StoreDeps & { readonly waits: LockHolder[] } {
  const waits: LockHolder[] = [];
  return {
    random: (size) => new Uint8Array(randomBytes(size)),
    platform: process.platform,
    uid: process.getuid?.(),
    onWait: (holder) => waits.push(holder),
    waits,
    ...change,
  };
}
