import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { startStub } from '../../test/support/stub-authorization-server/start.ts';
import { besideNode, command, timeLine } from '../children.js';
import { environment, keywright, PROGRAM } from '../program.js';
import { interleaved, median, percentile } from '../statistics.js';

const ASKED = ['--scope', 'openid', '--scope', 'contacts.read'];

/** Home of a store with an app `crm` of that server. */
function homeWithApp({ scratch }, { issuer }) {
  const home = mkdtempSync(join(scratch, 'apps-'));
  keywright(home, ['init', '--workspace', 'acme', '--unlock', 'key-file', '--no-recovery', '-q']);
  keywright(home, [
    'apps',
    'register',
    'crm',
    '--issuer',
    issuer,
    '--client-id',
    'public-client',
    '--public',
  ]);
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
  async run({ stores, rounds }) {
    const stub = await startStub();
    try {
      const home = homeWithApp(stores, stub);
      const [times] = await interleaved(rounds, [() => authorizeOnce(home)]);
      return [
        {
          what: '`apps authorize`, everything but the person: start, URL, callback, exchange, ID token, account, storing',
          figure: `${median(times).toFixed(1)} ms`,
          target: 'at most 150 ms',
          met: median(times) <= 150,
        },
      ];
    } finally {
      await stub.close();
    }
  },
};

export const token = {
  name: 'token',
  async run(bench) {
    const stub = await startStub();
    const home = homeWithApp(bench.stores, stub);
    await authorizeOnce(home);
    await stub.close();
    const { node, runs } = await besideNode(bench, [command(['apps', 'token', 'crm'], home)]);
    return [timeLine('`apps token`, fresh, unlocked and audited', runs[0], node, { times: 1.8 })];
  },
};

/** A new process each: whoever authorizes loads the server first. */
export const callback = {
  name: 'callback',
  async run(bench) {
    const outfile = join(bench.stores.scratch, 'callback.cjs');
    const entry = `
      const asked = performance.now();
      const { listen } = require('../src/oauth/callback/listen.ts');
      listen({ port: undefined, timeoutMs: 1000 }).then(async (server) => {
        process.stdout.write(String(performance.now() - asked));
        await server.close();
      });`;
    await build({
      stdin: { contents: entry, resolveDir: import.meta.dirname.replace(/rows$/, '') },
      ...{ outfile, bundle: true, minify: true, platform: 'node', format: 'cjs', logLevel: 'warning' },
    });
    const times = [];
    for (let round = -1; round < bench.rounds; round++) {
      const time = await listening(outfile);
      if (round >= 0) times.push(time);
    }
    return [
      {
        what: 'the callback server, from being asked for to listening, loaded for it',
        figure: `${median(times).toFixed(1)} ms`,
        ratio: `p95 ${percentile(times, 0.95).toFixed(1)} ms`,
        target: 'at most 10 ms',
        met: median(times) <= 10,
      },
    ];
  },
};

async function listening(file) {
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  await new Promise((resolve) => child.once('close', resolve));
  const time = Number(text);
  if (!(time > 0)) throw new Error(`the callback server did not listen: ${text}`);
  return time;
}
