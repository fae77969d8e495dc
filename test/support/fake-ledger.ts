import { createHash, createHmac } from 'node:crypto';
import { chain } from '../../src/domain/audit/chain.ts';
import type { Ledger } from '../../src/domain/audit/change.ts';
import type { AuditEntry } from '../../src/domain/audit/entry.ts';
import type { AuditSealer, TokenHasher } from '../../src/domain/ports/secrets.ts';
import type { Store, StoreSeed } from '../../src/domain/ports/store.ts';
import type { Anchor, AnchorMark, Random } from '../../src/domain/ports/system.ts';
import type { Workspace } from '../../src/domain/workspaces/workspace.ts';
import { Failure } from '../../src/errors.ts';
import { DAY, someSeed, T0 } from '../contracts/samples.ts';
import { memoryStore } from './memory-store.ts';

/** Bytes that look random and are the same in each run. */
export function fakeRandom(seed = 'seed'): Random {
  let count = 0;
  return (size) => createHash('shake256', { outputLength: size }).update(`${seed}/${count++}`).digest();
}

/** Seals with HMACs under a key that is made of a word. */
export function fakeSealer(word = 'audit'): AuditSealer {
  return {
    seal: (seq, hash) => createHmac('sha256', word).update(`${seq}/`).update(hash).digest(),
    anchorMac: (body) => createHmac('sha256', `anchor ${word}`).update(body).digest(),
  };
}

/** Hashes tokens under peppers, and keys that came with imported ones, that are words; counts how often. */
export function fakeHasher(
  peppers: Readonly<Record<number, string>>,
  imported: Readonly<Record<number, string>> = {},
): TokenHasher & { calls: number } {
  const hasher = {
    current: Math.max(...Object.keys(peppers).map(Number)),
    calls: 0,
    hash(pepper: number, workspaceId: string, token: string) {
      hasher.calls += 1;
      const word = peppers[pepper];
      return word === undefined
        ? undefined
        : createHmac('sha256', word).update(`keywright/v1\0${workspaceId}\0${token}`).digest();
    },
    find(pepper: number, token: string) {
      const word = peppers[pepper];
      return word === undefined
        ? undefined
        : createHmac('sha256', word).update(`keywright/find/v1\0${token}`).digest();
    },
    imported(key: number, token: string) {
      const word = imported[key];
      return word === undefined ? undefined : createHmac('sha256', word).update(token).digest();
    },
  };
  return hasher;
}

/** Remembers in memory what an anchor file would. */
export function fakeAnchor(): Anchor & { mark: AnchorMark | undefined; sealed: boolean; resets: number } {
  const anchor = {
    path: '/state/store.anchor',
    mark: undefined as AnchorMark | undefined,
    sealed: false,
    resets: 0,
    read: () => anchor.mark,
    tampered: () => false,
    raise(mark: AnchorMark, mac?: (body: Uint8Array) => Uint8Array) {
      if (anchor.mark !== undefined && anchor.mark.seq >= mark.seq) return;
      anchor.mark = mark;
      anchor.sealed = mac !== undefined;
    },
    reset(mark: AnchorMark | undefined, mac?: (body: Uint8Array) => Uint8Array) {
      anchor.resets += 1;
      anchor.mark = mark;
      anchor.sealed = mac !== undefined;
    },
  };
  return anchor;
}

/** A store in memory with the workspace acme, owned by ana, and what changes to it need. */
export interface Desk {
  readonly ledger: Ledger;
  /** The same, but without the audit key. */
  readonly locked: Ledger;
  readonly store: Store;
  readonly workspace: Workspace;
  readonly anchor: ReturnType<typeof fakeAnchor>;
  readonly means: { hasher: ReturnType<typeof fakeHasher>; random: Random };
  /** What the clock says; a test may set it. */
  readonly clock: { at: number };
  readonly anchorFailures: unknown[];
  /** The log from the first entry on. */
  log(): Promise<readonly AuditEntry[]>;
}

/** What the store of a desk begins with. */
export function seedOfDesk(): StoreSeed {
  // No slot: a log of one entry tells of none.
  const first = someSeed({ slots: [] });
  const { id } = first.workspace;
  const facts = { slug: first.workspace.slug, owner: first.owner.name };
  const begin = { action: 'workspace.create', target: id, workspaceId: id, facts };
  return {
    ...first,
    audit: chain(undefined, [begin], { at: T0, actor: 'ana', osUser: null }, fakeSealer()),
  };
}

/**
 * Another one for each test; `actor` is who makes the changes. `store`: one made from the seed,
 * in place of one in memory.
 */
export function openDesk(
  actor = 'ana',
  seed: StoreSeed = seedOfDesk(),
  store: Store = memoryStore(seed),
): Desk {
  const clock = { at: T0 + DAY };
  const sealer = fakeSealer();
  const anchor = fakeAnchor();
  const anchorFailures: unknown[] = [];
  const locked: Ledger = {
    store,
    anchor,
    actor: { name: actor, from: 'OS user', osUser: actor },
    now: () => clock.at,
    anchorFailed: (error) => void anchorFailures.push(error),
  };
  return {
    ledger: { ...locked, sealer },
    locked,
    store,
    workspace: seed.workspace,
    anchor,
    means: { hasher: fakeHasher({ 1: 'pepper one' }), random: fakeRandom() },
    clock,
    anchorFailures,
    log: () => store.audit.from(1, 10_000),
  };
}

/** A store and another that began as the same one: it and its backup. */
export function twoDesks(): readonly [Desk, Desk] {
  const seed = seedOfDesk();
  return [openDesk('ana', seed), openDesk('ana', seed)];
}

/** The `Failure` that `work` throws; fails when it throws none. */
export async function failureOf(work: () => unknown): Promise<Failure> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
