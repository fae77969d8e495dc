import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stubWith } from '../support/stub-authorization-server/by-hand.ts';

const FLOW = join(import.meta.dirname, 'fixtures/whole-flow.ts');

/** Runs the whole flow with Node told to talk, and what it said. */
async function talking(issuer: string, debug: string): Promise<{ secrets: readonly string[]; said: string }> {
  const env = { ...process.env, NODE_DEBUG: debug, DEBUG: '*', KEYWRIGHT_DEBUG: '1' };
  const child = spawn(process.execPath, ['--trace-warnings', FLOW, issuer], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect(status, said.slice(-2000)).toBe(0);
  return { secrets: JSON.parse(out), said };
}

test('nothing secret is said, however much Node is told to say', async () => {
  const stub = await stubWith({ clients: [{ id: 'canary-client', secret: 'canary-client-secret' }] });
  const { secrets, said } = await talking(stub.issuer, 'http,https,tls,net,fetch,undici');
  expect(said, 'Node does talk').toContain(new URL(stub.origin).port);
  const verifier = stub.requests.find(({ form }) => form.has('code_verifier'))?.form.get('code_verifier');
  const all = [...secrets, verifier];
  expect(new Set(all).size).toBe(8);
  // The test's browser is `fetch` in the same process, which names the URL it was sent to.
  const ours = said.split('\n').filter((line) => !/\b(?:FETCH|UNDICI)\b/.test(line));
  for (const secret of all) {
    expect(String(secret).length).toBeGreaterThan(10);
    expect(ours.some((line) => line.includes(String(secret)))).toBe(false);
  }
});
