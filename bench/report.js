import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const DOCUMENT = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
const LOCK = new URL('../package-lock.json', import.meta.url);
const HEAD = ['what', 'measured', 'against', 'ratio', 'target', ''];

function cellsOf(line) {
  if (line.skipped !== undefined) return [line.what, `skipped: ${line.skipped.slice(0, 60)}`, '', '', '', ''];
  const { what, figure, against = '', ratio = '', target, met, note } = line;
  return [
    what,
    figure,
    against,
    note === undefined ? ratio : `${ratio}; ${note}`,
    target,
    met ? 'met' : 'MISSED',
  ];
}

/** The lines as a table for people. */
export function textTable(lines) {
  const rows = [HEAD, ...lines.map(cellsOf)].map((row) => row.map((cell) => stripVTControlCharacters(cell)));
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return `${rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`;
}

/** Writes docs/performance.md. */
export function writeDocument(lines, { rounds, now }) {
  const rows = lines.map((line) => `| ${cellsOf(line).join(' | ')} |`).join('\n');
  const text = `# Performance

Written by \`npm run bench\` on ${now.toISOString().slice(0, 10)}. The figures are medians of ${rounds} rounds (fewer
where a round takes seconds, more in process), in which both sides ran in turn; the first round of each
doesn't count. The ratios say more than the times: both sides of one shared the same machine, and whatever
else it was doing. They are looked at, and never asserted in a test.

${machine()
  .map((fact) => `- ${fact}`)
  .join('\n')}

| ${HEAD.join(' | ')} |
|${' --- |'.repeat(HEAD.length)}
${rows}

"Against" is \`node -e 0\` for what starts a process, and for what runs in one the plainest code with the same
effect on the same file: for verifying, a prepared select, an HMAC and a comparison; for creating, a prepared
insert of the same row into the same table with \`synchronous = FULL\`; for rotating, the same four rows (old version,
key, journal, audit entry) written by prepared statements in one durable transaction. CPU is user and system time of the whole
process. Each page is read by \`store.keys.page\`, one after another along the list.

The store is made by the bench: names, purposes, owners and last uses vary, eight workspaces have from 42 % of
the keys down to 1 %, a few of a hundred keys are revoked, disabled or expired, and each has its audit entry.
\`npm run bench -- list verify\` measures these rows only, \`--rounds 5\` is quicker, \`--keep\` leaves the stores
in the temporary folder for the next run. Rows: see \`npm run bench -- --help\`.
`;
  writeFileSync(DOCUMENT, text);
}

function machine() {
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8'));
  const versions = ['better-sqlite3', 'commander', 'argon2', '@napi-rs/keyring'].map(
    (name) => `${name} ${packages[`node_modules/${name}`]?.version}`,
  );
  const [cpu] = os.cpus();
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  return [
    `${os.availableParallelism()} × ${cpu?.model.trim()}, ${memory}, ${os.type()} ${os.release().split('.').slice(0, 2).join('.')} (${os.arch()})`,
    `Node ${process.version}, keywright ${packages[''].version} at ${commit()}`,
    versions.join(', '),
  ];
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'no commit';
  }
}
