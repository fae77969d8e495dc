// Makes V8's code cache of the program: runs the commands that are run most, in a store of its own that
// is thrown away, so that the cache holds their functions compiled. Ends with 1 where that can't be done.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';

const [dist] = process.argv.slice(2);
const { load } = createRequire(import.meta.url)('../bin/load.js');
const home = mkdtempSync(join(tmpdir(), 'keywright-warm-up-'));

try {
  const { exports: program, script } = load(join(dist, 'keywright.cjs'), join(dist, 'no-cache'));
  const run = (argv, input) => program.main(argv, program.liveContext(processWith(input)));
  await expectZero(run(['init', '--unlock', 'key-file', '--workspace', 'warm'], ''));
  const key = await secretKey(program);
  await expectZero(run(['keys', 'list'], ''));
  await expectZero(run(['keys', 'verify'], key));
  await expectZero(run(['keys', 'show', '--from-stdin'], key));
  writeFileSync(join(dist, 'keywright.cache'), script.createCachedData());
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function expectZero(code) {
  if ((await code) !== 0) throw new Error('a command of the warm-up failed');
}

async function secretKey(program) {
  const written = [];
  await expectZero(
    program.main(['keys', 'create', '--scope', 'a:b'], program.liveContext(processWith('', written))),
  );
  return written.join('');
}

/** A process with a store of its own, nobody at the terminal, and outputs that are kept or thrown away. */
function processWith(input, written = []) {
  const sink = (kept) =>
    new Writable({
      write(chunk, _encoding, done) {
        kept.push(String(chunk));
        done();
      },
    });
  const { execPath, pid, platform } = process;
  const nothing = () => undefined;
  const streams = { stdin: Readable.from([Buffer.from(input)]), stdout: sink(written), stderr: sink([]) };
  const env = { KEYWRIGHT_HOME: join(home, 'store'), CI: 'true', HOME: home };
  return {
    ...streams,
    env,
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
