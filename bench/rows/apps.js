import { execFile, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { startStub } from '../../test/support/stub-authorization-server/start.ts';
import { besideNode, command, middle, timeLine } from '../children.js';
import { environment, PROGRAM } from '../program.js';
import { interleaved, median, percentile } from '../statistics.js';
import { BARE_NODE } from '../stopwatch.js';

const ASKED = ['--scope', 'openid', '--scope', 'contacts.read'];

/** While it runs the server in this process can answer. Rejects with what the program said. */
const run = promisify(execFile);

/** Home of a store with an app `crm` of that server. */
async function homeWithApp({ scratch }, { issuer }) {
  const home = mkdtempSync(join(scratch, 'apps-'));
  const init = ['init', '--workspace', 'acme', '--unlock', 'key-file', '--no-recovery', '-q'];
  const client = ['--client-id', 'public-client', '--public'];
  for (const argv of [init, ['apps', 'register', 'crm', '--issuer', issuer, ...client]])
    await run(process.execPath, [PROGRAM, ...argv], { env: environment(home) });
  return home;
}

/**
 * Authorizes once; ms of it, without the person: from the start to the printed URL, and from the browser's coming
 * back to the end. What the server takes to answer is in it.
 */
async function authorizeOnce(home) {
  const started = performance.now();
  const child = spawn(process.execPath, [PROGRAM, 'apps', 'authorize', 'crm', ...ASKED, '--yes'], {
    env: environment(home),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  const url = await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      told += chunk;
      const [, found] = /^open (http\S+)\n/m.exec(told) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('close', (code) => reject(new Error(`apps authorize ended with ${code}: ${told}`)));
  });
  const printed = performance.now();
  const { headers } = await fetch(url, { redirect: 'manual' });
  const back = performance.now();
  const closed = new Promise((resolve) => child.once('close', resolve));
  await (await fetch(headers.get('location'))).arrayBuffer();
  if ((await closed) !== 0) throw new Error(`apps authorize failed: ${told}`);
  return printed - started + (performance.now() - back);
}

export const authorize = {
  name: 'authorize',
  async run({ stores, stopwatch, rounds }) {
    const stub = await startStub();
    try {
      const home = await homeWithApp(stores, stub);
      const steps = [() => authorizeOnce(home), () => stopwatch.time(BARE_NODE)];
      const [times, node] = await interleaved(rounds, steps);
      return [
        {
          what: '`apps authorize`, everything but the person: start, URL, callback, exchange, ID token, account, storing',
          figure: `${median(times).toFixed(1)} ms`,
          against: `${middle(node, 'wall').toFixed(1)} ms`,
          ratio: `${(median(times) / middle(node, 'wall')).toFixed(2)} ×`,
          target: 'at most 150 ms',
          met: median(times) <= 150,
        },
      ];
    } finally {
      await stub.close();
    }
  },
};

async function connected(stores, stub) {
  const home = await homeWithApp(stores, stub);
  await authorizeOnce(home);
  return home;
}

export const token = {
  name: 'token',
  async run(bench) {
    const stub = await startStub();
    const home = await connected(bench.stores, stub).finally(() => stub.close());
    const { node, runs } = await besideNode(bench, [command(['apps', 'token', 'crm'], home)]);
    return [timeLine('`apps token`, fresh, unlocked and audited', runs[0], node, { times: 1.8 })];
  },
};

/** A new process each: whoever authorizes has just loaded the server, and asks it to listen once. */
export const callback = {
  name: 'callback',
  async run(bench) {
    const outfile = join(bench.stores.scratch, 'callback.cjs');
    const entry = `
      const started = performance.now();
      const { listen } = require('../src/oauth/callback/listen.ts');
      const asked = performance.now();
      listen({ port: undefined, timeoutMs: 1000 }).then(async (server) => {
        const loading = asked - started;
        process.stdout.write(JSON.stringify({ listening: performance.now() - asked, loading }));
        await server.close();
      });`;
    await build({
      stdin: { contents: entry, resolveDir: join(import.meta.dirname, '..') },
      ...{ outfile, bundle: true, minify: true, platform: 'node', format: 'cjs', logLevel: 'warning' },
    });
    const [runs] = await interleaved(bench.rounds, [
      async () => JSON.parse((await run(process.execPath, [outfile])).stdout),
    ]);
    const times = runs.map(({ listening }) => listening);
    const loading = median(runs.map((one) => one.loading));
    return [
      {
        what: 'the callback server, first of a process, from being asked to listening',
        figure: `${median(times).toFixed(1)} ms`,
        ratio: `p95 ${percentile(times, 0.95).toFixed(1)} ms; ${loading.toFixed(1)} ms more to load it with Node's HTTP`,
        target: 'at most 10 ms',
        met: median(times) <= 10,
      },
    ];
  },
};
