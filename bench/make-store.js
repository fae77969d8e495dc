// Fills a store with the keys of keys.js.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { change } from '../src/domain/audit/change.ts';
import { keyEntry } from '../src/domain/keys/facts.ts';
import { keyOf, SLUGS } from './keys.js';
import { contextOf, keywright } from './program.js';

const BATCH = 10_000;

/** Makes a store in `home`, a new folder, with `count` keys and a key-file slot. */
export async function makeStore(home, count) {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const [first, ...others] = SLUGS;
  keywright(home, ['init', '--workspace', first, '--unlock', 'key-file', '--no-recovery', '-q']);
  for (const slug of others) keywright(home, ['workspaces', 'create', slug, '-q']);
  const context = contextOf(home);
  try {
    await withoutSearchIndex(home, () => fill(context, count));
  } finally {
    await context.close();
  }
}

/** The search index is built at the end and at once, which takes half the time. */
async function withoutSearchIndex(home, work) {
  const database = new Database(join(home, 'keywright.db'));
  try {
    const select = "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = 'keys_search_insert'";
    const trigger = database.prepare(select).pluck().get();
    database.exec('DROP TRIGGER keys_search_insert');
    await work();
    database.exec(`${trigger}; INSERT INTO keys_search (keys_search) VALUES ('rebuild')`);
  } finally {
    database.close();
  }
}

/** Through the program's own writing, so that search index, audit log and anchor are as they always are. */
async function fill(context, count) {
  const store = await context.store();
  const { hasher } = await context.operator();
  const ledger = await context.ledger('unlocked');
  const ids = new Map((await store.workspaces.all()).map(({ slug, id }) => [slug, id]));
  const now = context.now();
  for (let start = 0; start < count; start += BATCH) {
    const end = Math.min(count, start + BATCH);
    await change({ ...ledger, now: () => now }, async (tx, record) => {
      for (let number = start; number < end; number++) {
        const { key, secretKey } = keyOf(number, count, ids, now);
        await tx.write.keys.insert(key, {
          pepper: hasher.current,
          hash: hasher.hash(hasher.current, key.workspaceId, secretKey),
        });
        record(keyEntry('key.create', key, { mode: key.mode, owner: key.owner }));
      }
    });
  }
}
