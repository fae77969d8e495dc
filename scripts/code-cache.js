// Makes V8's code cache of the program: runs the commands that are run most, in a store of its own that
// is thrown away, so that the cache holds their functions compiled. Ends with 1 where that can't be done.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

const [dist, ...files] = process.argv.slice(2);
const [first] = files;
const { load, scripts } = createRequire(import.meta.url)('../bin/load.js');
const home = mkdtempSync(join(tmpdir(), 'keywright-warm-up-'));
const ENV = { KEYWRIGHT_HOME: join(home, 'store'), CI: 'true', HOME: home };
const PROGRAM = join(import.meta.dirname, '../bin/keywright.js');

const provider = createServer((_, response) => {
  response.setHeader('content-type', 'application/json');
  response.end('{"access_token":"warm","token_type":"Bearer","expires_in":86400}');
});

try {
  // In processes of their own: a cache is read as a whole, so it is to hold no more than these three need.
  await started(['init', '--unlock', 'key-file', '--workspace', 'warm']);
  const key = await started(['keys', 'create', '--scope', 'a:b']);
  await connectApp();
  const program = load(join(dist, first));
  const run = async (argv, input) => {
    const code = await program.main(argv, program.liveContext(processWith(input)));
    if (code !== 0) throw new Error('a command of the warm-up failed');
  };
  await run(['keys', 'list'], '');
  await run(['keys', 'verify'], key);
  keepCache(first, first.replace('.cjs', '-reads.cache'));
  await run(['apps', 'token', 'warm'], '');
  for (const file of files) keepCache(file, file.replace('.cjs', '.cache'));
} finally {
  provider.close();
  rmSync(home, { recursive: true, force: true });
}

/** Its provider is in this process, and answers on loopback. */
async function connectApp() {
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const endpoint = `http://127.0.0.1:${provider.address().port}/token`;
  const client = ['--client-id', 'warm', '--from-stdin', '--token-endpoint', endpoint];
  await started(['apps', 'register', 'warm', ...client], 'warm');
  await started(['apps', 'authorize', 'warm', '--client-credentials', '--yes']);
}

function keepCache(file, cache) {
  writeFileSync(join(dist, cache), scripts.get(join(dist, file)).createCachedData());
}

/** What it printed on stdout. Rejects when it fails. */
async function started(argv, input = '') {
  const running = promisify(execFile)(process.execPath, [PROGRAM, ...argv], { env: ENV });
  running.child.stdin.end(input);
  return (await running).stdout;
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
