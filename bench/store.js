// Makes the stores that are measured, and keeps them between runs when asked to.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { change } from '../src/domain/audit/change.ts';
import { keyEntry } from '../src/domain/keys/facts.ts';
import { verifierFor } from '../src/domain/keys/hash.ts';
import { ownHost } from '../src/live-context.ts';
import { keyOf, SLUGS } from './keys.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const PROGRAM = join(ROOT, 'bin', 'keywright.js');
const PREFIX = 'keywright-bench-';
const BATCH = 10_000;

/** The environment of every child: nothing in it may slow down or steer one side only. */
export function environment(home) {
  const { PATH, HOME, TMPDIR, LANG } = process.env;
  return { PATH, HOME, TMPDIR, LANG, TERM: 'xterm-256color', ...(home && { KEYWRIGHT_HOME: home }) };
}

/** Changes with the schema and with what fills it, so that a kept store always fits the program. */
function digestOfSchema() {
  const hash = createHash('sha256');
  const migrations = 'src/store/migrations';
  const files = readdirSync(join(ROOT, migrations)).map((name) => `${migrations}/${name}`);
  for (const file of [...files.sort(), 'src/store/sqlite/search.ts', 'bench/keys.js', 'bench/store.js'])
    hash.update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 16);
}

/**
 * The stores of one run, made when first asked for. With `keep` they stay in the temporary folder for
 * the next run; those of another schema are removed. `close` removes everything else.
 */
export function openStores({ keep, say }) {
  const kept = join(tmpdir(), `${PREFIX}${digestOfSchema()}`);
  for (const name of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (/^keywright-bench-[0-9a-f]{16}$/.test(name) && folder !== kept) rmSync(folder, { recursive: true });
  }
  mkdirSync(kept, { recursive: true, mode: 0o700 });
  const scratch = mkdtempSync(join(tmpdir(), `${PREFIX}run-`));
  let copies = 0;
  /** Home of a store with `count` keys, which rows may read but not change, but for last uses. */
  async function ofSize(count) {
    const home = join(kept, String(count));
    if (existsSync(join(home, 'complete'))) return home;
    say(`making a store with ${count.toLocaleString('en')} keys`);
    rmSync(home, { recursive: true, force: true });
    await makeStore(home, count);
    writeFileSync(join(home, 'complete'), '');
    return home;
  }
  return {
    ofSize,
    /** Home of a copy that a row may change. */
    async copyOfSize(count) {
      const from = await ofSize(count);
      const home = join(scratch, `copy-${copies++}`);
      cpSync(from, home, { recursive: true });
      rmSync(join(home, 'anchors'), { recursive: true, force: true });
      return home;
    },
    remove: (home) => rmSync(home, { recursive: true, force: true }),
    scratch,
    close() {
      rmSync(scratch, { recursive: true, force: true });
      if (!keep) rmSync(kept, { recursive: true, force: true });
    },
  };
}

/** Runs the program for its effect; throws with what it said when it fails. */
export function keywright(home, args, { input = '', env = {} } = {}) {
  const child = spawnSync(process.execPath, [PROGRAM, ...args], {
    env: { ...environment(home), ...env },
    input,
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  if (child.status !== 0) throw new Error(`keywright ${args.join(' ')}: ${child.stderr}`);
  return child.stdout;
}

/** What a command has, on the store in `home`; for rows that run in this process. */
export function contextOf(home) {
  return ownHost(home).open({ quiet: true, input: false });
}

async function makeStore(home, count) {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const [first, ...others] = SLUGS;
  keywright(home, ['init', '--workspace', first, '--unlock', 'key-file', '--no-recovery', '-q']);
  for (const slug of others) keywright(home, ['workspaces', 'create', slug, '-q']);
  const context = contextOf(home);
  try {
    await fill(context, count);
  } finally {
    await context.close();
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
        await tx.write.keys.insert(key, verifierFor(hasher, key.workspaceId, secretKey));
        record(keyEntry('key.create', key, { mode: key.mode, owner: key.owner }));
      }
    });
  }
}
