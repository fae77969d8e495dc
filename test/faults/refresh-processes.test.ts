import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordGrant } from '../../src/domain/apps/authorize.ts';
import { clientOf } from '../../src/domain/apps/held-tokens.ts';
import { registerApp } from '../../src/domain/apps/register.ts';
import { fromIssuer } from '../../src/domain/apps/source.ts';
import { openAuthorization } from '../../src/oauth/open.ts';
import { createStore, openStore } from '../../src/store/open.ts';
import { openDesk, seedOfDesk } from '../support/fake-ledger.ts';
import { scopes } from '../support/fake-token-server.ts';
import { storeDeps, storeFolder } from '../support/store-folder.ts';
import { type RunningStub, startStub } from '../support/stub-authorization-server/start.ts';
import { writtenDown } from '../support/token-desk.ts';

const CHILD = join(import.meta.dirname, 'fixtures/token-process.ts');
const UNCERTAIN = /^needs_authorization .* is uncertain \(--retry-uncertain sends it once more\)$/;

describe('processes that need one expired token (cases 125, 132)', () => {
  let stub: RunningStub;
  let at: ReturnType<typeof storeFolder>;
  let grantId: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    stub = await startStub();
    at = storeFolder();
    grantId = await expiredGrant(stub, at.location);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await stub.close();
    at.remove();
  });
  const start = (): { readonly child: ChildProcess; readonly said: Promise<string> } => {
    const child = spawn(process.execPath, [CHILD, at.location, grantId], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
    });
    return { child, said: new Promise((resolve) => child.on('close', () => resolve(text))) };
  };
  const refreshes = () =>
    stub.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token').length;
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  test('send one request, and each has the same token', async () => {
    const said = await Promise.all(Array.from({ length: 4 }, () => start().said));
    expect(said[0]).toMatch(/^token \S+$/);
    expect(new Set(said).size).toBe(1);
    expect(refreshes()).toBe(1);
  });

  test('one is killed while its request is out: the others say that it is uncertain, and send nothing', async () => {
    const answer = Promise.withResolvers<void>();
    stub.set({ answers: { token: { kind: 'hold', until: answer.promise } } });
    const killed = start();
    await until(() => refreshes() === 1);
    const waiting = Array.from({ length: 3 }, () => start().said);
    killed.child.kill('SIGKILL');
    const said = await Promise.all(waiting);
    answer.resolve();
    expect(said.filter((one) => !UNCERTAIN.test(one))).toEqual([]);
    expect(await start().said).toMatch(UNCERTAIN);
    expect(refreshes()).toBe(1);
  });
});

/** A grant of ana's, from a device flow with the server, whose access token has ended by now. */
async function expiredGrant(stub: RunningStub, location: string): Promise<string> {
  const seed = seedOfDesk();
  await createStore(location, storeDeps(), async () => seed);
  const store = await openStore(location, storeDeps());
  const { ledger, means, workspace, clock } = openDesk('ana', seed, store);
  clock.at = Date.now();
  const sealing = { access: writtenDown, random: means.random };
  const authorization = openAuthorization({ now: Date.now, sleep: async () => undefined });
  const app = await registerApp(ledger, sealing, workspace, {
    ...{
      name: 'tracker',
      source: fromIssuer(await authorization.discover(stub.issuer)),
      clientId: 'public-client',
    },
    ...{ secret: undefined, registration: 'by-hand', allowlist: null, redirectPort: null },
  });
  const device = await authorization.startDevice(await clientOf(store, writtenDown, app), scopes('issues'));
  const tokens = await device.poll();
  const { grant } = await recordGrant(ledger, sealing, {
    ...{ app, kind: 'user', account: '@ana', asked: scopes('issues'), redirectUri: null, habits: {} },
    tokens: { ...tokens, expiresAt: Date.now() - 1 },
  });
  await store.close();
  return grant.id;
}
