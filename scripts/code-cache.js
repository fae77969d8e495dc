// Makes V8's code cache of the program: runs the commands that are run most, in a store of its own that
// is thrown away, so that the cache holds their functions compiled. Ends with 1 where that can't be done.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';

const [dist] = process.argv.slice(2);
const { load } = createRequire(import.meta.url)('../bin/load.js');
const home = mkdtempSync(join(tmpdir(), 'keywright-warm-up-'));
const ENV = { KEYWRIGHT_HOME: join(home, 'store'), CI: 'true', HOME: home };
const PROGRAM = join(import.meta.dirname, '../bin/keywright.js');

try {
  // In processes of their own: the cache is read as a whole, so it is to hold no more than listing and verifying need.
  started(['init', '--unlock', 'key-file', '--workspace', 'warm']);
  const key = started(['keys', 'create', '--scope', 'a:b']);
  const { exports: program, script } = load(join(dist, 'keywright.cjs'), join(dist, 'no-cache'));
  const run = (argv, input) => program.main(argv, program.liveContext(processWith(input)));
  await expectZero(run(['keys', 'list'], ''));
  await expectZero(run(['keys', 'verify'], key));
  writeFileSync(join(dist, 'keywright.cache'), script.createCachedData());
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function expectZero(code) {
  if ((await code) !== 0) throw new Error('a command of the warm-up failed');
}

function started(argv) {
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM, ...argv], { env: ENV, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${argv.join(' ')} failed`);
  return stdout;
}

/** A process with a store of its own, nobody at the terminal, and outputs that are kept or thrown away. */
function processWith(input) {
  const sink = () => new Writable({ write: (_chunk, _encoding, done) => done() });
  const { execPath, pid, platform } = process;
  const nothing = () => undefined;
  const streams = { stdin: Readable.from([Buffer.from(input)]), stdout: sink(), stderr: sink() };
  return {
    ...streams,
    env: { ...ENV },
    argv: [],
    execPath,
    pid,
    platform,
    geteuid: process.geteuid,
    kill: nothing,
    on: nothing,
    off: nothing,
  };
}
