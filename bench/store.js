// Makes the stores that are measured, and keeps them between runs when asked to.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeStore } from './make-store.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PREFIX = 'keywright-bench-';

/** Changes with the schema and with what fills it, so that a kept store always fits the program. */
function digestOfSchema() {
  const hash = createHash('sha256');
  const migrations = 'src/store/migrations';
  const files = readdirSync(join(ROOT, migrations)).map((name) => `${migrations}/${name}`);
  for (const file of [...files.sort(), 'src/store/sqlite/search.ts', 'bench/keys.js', 'bench/make-store.js'])
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

  /** Home of a new copy. */
  async function copyOfSize(count) {
    const from = await ofSize(count);
    const home = mkdtempSync(join(scratch, 'copy-'));
    cpSync(from, home, { recursive: true });
    // Named by the path of the store that they remember, so the copy has none yet.
    rmSync(join(home, 'anchors'), { recursive: true, force: true });
    return home;
  }

  const changing = {};
  return {
    ofSize,
    /** Home of a copy that rows may change as they please; one for the whole run. */
    async changing(count) {
      changing[count] ??= await copyOfSize(count);
      return changing[count];
    },
    copyOfSize,
    scratch,
    close() {
      rmSync(scratch, { recursive: true, force: true });
      if (!keep) rmSync(kept, { recursive: true, force: true });
    },
  };
}
