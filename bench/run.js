// Measures what docs/performance.md promises. See `npm run bench -- --help`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { textTable, writeDocument } from './report.js';
import { authorize, callback, token } from './rows/apps.js';
import { backup } from './rows/backup.js';
import { importing } from './rows/import.js';
import { create, verifier } from './rows/in-process.js';
import { page, search } from './rows/pages.js';
import { revoke } from './rows/revoke.js';
import { rotate } from './rows/rotate.js';
import { completion, list, version } from './rows/start.js';
import { bulk, keychain, memory, verify } from './rows/verify.js';
import { startStopwatch } from './stopwatch.js';
import { openStores } from './store.js';

const ROWS = [
  version,
  list,
  verify,
  keychain,
  verifier,
  bulk,
  create,
  rotate,
  importing,
  page,
  search,
  revoke,
  backup,
  authorize,
  token,
  callback,
  completion,
  memory,
];
const USAGE = `npm run bench -- [ROW...] [--rounds N] [--keep] [--no-write]

ROW        ${ROWS.map(({ name }) => name).join(' ')} (all of them when none is named)
--rounds   how often each side runs (20)
--keep     leave the stores in the temporary folder for the next run
--no-write leave docs/performance.md as it is; so it stays when rows are named
`;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      rounds: { type: 'string', default: '20' },
      keep: { type: 'boolean', default: false },
      write: { type: 'boolean', default: true },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const unknown = positionals.find((name) => !ROWS.some((row) => row.name === name));
  if (values.help || unknown !== undefined || !Number.isInteger(rounds) || rounds < 1) {
    process.stderr.write(unknown === undefined ? USAGE : `no row ${unknown}\n\n${USAGE}`);
    return values.help ? 0 : 2;
  }
  build();
  const rows = positionals.length === 0 ? ROWS : ROWS.filter(({ name }) => positionals.includes(name));
  const lines = await measure(rows, { rounds, keep: values.keep });
  process.stdout.write(textTable(lines));
  if (values.write && positionals.length === 0) writeDocument(lines, { rounds, now: new Date() });
  return process.exitCode ?? 0;
}

/** One row that can't be measured is no reason to lose the others. */
function failed(row, error) {
  process.exitCode = 1;
  process.stderr.write(`${error.stack}\n`);
  return { what: row.name, skipped: error.message };
}

/** What is measured is what would be published. */
function build() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { status } = spawnSync(process.execPath, ['scripts/build.js', '--if-stale'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('dist/ could not be built');
}

async function measure(rows, { rounds, keep }) {
  const say = (text) => process.stderr.write(`${text}\n`);
  const stores = openStores({ keep, say });
  const stopwatch = startStopwatch();
  const lines = [];
  try {
    for (const row of rows) {
      say(`measuring ${row.name}`);
      const measured = await row
        .run({ stores, stopwatch, rounds, say })
        .catch((error) => [failed(row, error)]);
      lines.push(...measured);
    }
  } finally {
    stopwatch.close();
    stores.close();
  }
  return lines;
}

process.exitCode = await main();
