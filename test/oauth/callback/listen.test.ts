import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CallbackServer } from '../../../src/domain/ports/callback.ts';
import { Failure } from '../../../src/errors.ts';
import { type ListenOptions, listen } from '../../../src/oauth/callback/listen.ts';
import { PAGES } from '../../../src/oauth/callback/pages.ts';
import { ownSockets } from './fixtures/own-sockets.ts';
import { get, heard, open, parsed, send, visit } from './fixtures/wire.ts';

const STATE = 'Zm9vYmFyYmF6cXV4MTIzNDU2';
const OTHER_STATE = 'b3RoZXJvdGhlcm90aGVyb3Ro';
const WAITING = fileURLToPath(new URL('fixtures/waiting.ts', import.meta.url));

async function start(options: Partial<ListenOptions> = {}): Promise<CallbackServer> {
  const server = await listen({ timeoutMs: 60_000, ...options });
  onTestFinished(() => server.close());
  return server;
}

async function held(
  host: string,
  port = 0,
): Promise<{ server: Server; port: number; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen({ host, port });
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { server, port: (server.address() as { port: number }).port, connections: () => connections };
}

const portOf = (server: CallbackServer): number => Number(new URL(server.redirectUri).port);

describe('the right callback', () => {
  test('is shown the whole page, and the answer comes when nothing listens any more (case 94)', async () => {
    const server = await start();
    const waiting = server.wait(STATE);
    const socket = open(
      server.redirectUri,
      get(server.redirectUri, `/callback?code=abc&state=${STATE}&iss=x`),
    );
    socket.pause();
    const answer = await waiting;
    expect(ownSockets().filter(({ port }) => port === portOf(server))).toEqual([]);
    expect(answer.kind).toBe('code');
    expect(answer.redirect.reveal()).toBe(`${server.redirectUri}?code=abc&state=${STATE}&iss=x`);
    expect(await visit(server.redirectUri, `code=abc&state=${STATE}`), 'a replay').toBe('refused');

    const { status, headers, body } = parsed(await heard(socket.resume()));
    expect(status).toBe(200);
    expect(body).toBe(Buffer.from(PAGES.consented).toString('latin1'));
    expect(Number(headers.get('content-length'))).toBe(body.length);
    expect(headers.get('connection')).toBe('close');
  });

  test('ends the flow though others hold connections open and nobody reads the page', async () => {
    const server = await start();
    const waiting = server.wait(STATE);
    const idle = heard(open(server.redirectUri));
    const half = heard(open(server.redirectUri, 'GET /callback?code=a HTT'));
    expect(parsed(await visit(server.redirectUri, 'code=a')).status).toBe(400);
    const socket = open(server.redirectUri, get(server.redirectUri, `/callback?code=abc&state=${STATE}`));
    socket.once('ready', () => setTimeout(() => socket.destroy(), 5));
    expect((await waiting).kind).toBe('code');
    expect(await Promise.all([idle, half])).toEqual(['', '']);
  });

  test('counts once when it comes twice in one packet', async () => {
    const server = await start();
    const waiting = server.wait(STATE);
    const request = get(server.redirectUri, `/callback?code=abc&state=${STATE}`);
    const response = await send(server.redirectUri, request + request);
    expect((await waiting).kind).toBe('code');
    expect(response.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  });

  test('case 91: says that consent was denied, on a page of its own', async () => {
    const server = await start();
    const waiting = server.wait(STATE);
    const query = new URLSearchParams({
      error: 'access_denied',
      error_description: 'no\n\x1b[2J',
      state: STATE,
    });
    const { status, body } = parsed(await visit(server.redirectUri, query.toString()));
    expect(await waiting).toMatchObject({ kind: 'denied', error: 'access_denied', description: 'no [2J' });
    expect(status).toBe(200);
    expect(body).toContain('Consent declined');
  });
});

test('case 89: before a state is awaited nothing is accepted, and none that is short can be', async () => {
  const server = await start();
  for (const query of ['code=a', 'code=a&state=', 'code=a&state=undefined', `code=a&state=${STATE}`]) {
    expect(parsed(await visit(server.redirectUri, query)).status, query).toBe(400);
  }
  await expect(server.wait('')).rejects.toThrow('128 bits');
  await expect(server.wait('short')).rejects.toThrow('128 bits');
  const waiting = server.wait(STATE);
  await expect(server.wait(OTHER_STATE)).rejects.toThrow('one authorization');
  await visit(server.redirectUri, `code=a&state=${STATE}`);
  expect((await waiting).kind).toBe('code');
});

test('case 87: another program on the same port of another address hears nothing', async () => {
  const server = await start();
  const other = await held('127.0.0.2', portOf(server));
  expect(server.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+\/callback$/);
  const waiting = server.wait(STATE);
  await visit(server.redirectUri, `code=a&state=${STATE}`);
  expect((await waiting).kind).toBe('code');
  expect(other.connections()).toBe(0);
});

test('case 99: two at once have a port and a state each', async () => {
  const [one, two] = [await start(), await start()];
  expect(portOf(one)).not.toBe(portOf(two));
  const [first, second] = [one.wait(STATE), two.wait(OTHER_STATE)];
  expect(parsed(await visit(one.redirectUri, `code=b&state=${OTHER_STATE}`)).status).toBe(400);
  expect(parsed(await visit(two.redirectUri, `code=a&state=${STATE}`)).status).toBe(400);
  await visit(two.redirectUri, `code=b&state=${OTHER_STATE}`);
  await visit(one.redirectUri, `code=a&state=${STATE}`);
  expect((await first).redirect.reveal()).toContain(`${one.redirectUri}?code=a&`);
  expect((await second).redirect.reveal()).toContain(`${two.redirectUri}?code=b&`);
});

describe('case 96: nobody answers', () => {
  const outcomeOf = (waiting: Promise<unknown>): Promise<unknown> => waiting.catch((error: unknown) => error);

  test('in time', async () => {
    const server = await start({ timeoutMs: 30 });
    const idle = heard(open(server.redirectUri));
    const failure = await outcomeOf(server.wait(STATE));
    expect(failure).toMatchObject({ code: 'consent_timeout', exitCode: 7 });
    expect((failure as Failure).message).toBe('nobody consented within 0.03 s');
    expect(await idle).toBe('');
    expect(await visit(server.redirectUri, `code=a&state=${STATE}`)).toBe('refused');
  });

  test('before the waiting began', async () => {
    const server = await start({ timeoutMs: 1 });
    await heard(open(server.redirectUri));
    expect(await outcomeOf(server.wait(STATE))).toMatchObject({ code: 'consent_timeout' });
  });

  test('because of Ctrl-C, whose reason is passed on', async () => {
    const server = await start();
    const abort = new AbortController();
    const waiting = outcomeOf(server.wait(STATE, { signal: abort.signal }));
    const half = heard(open(server.redirectUri, 'GET /callback?code=a&sta'));
    expect(parsed(await visit(server.redirectUri, 'code=a')).status).toBe(400);
    const reason = new Failure('cancelled', 'nothing was connected');
    abort.abort(reason);
    expect(await waiting).toBe(reason);
    expect(await half).toBe('');
    expect(await visit(server.redirectUri, `code=a&state=${STATE}`)).toBe('refused');
  });

  test('because it was over already, or is closed', async () => {
    const early = await start();
    expect(await outcomeOf(early.wait(STATE, { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'cancelled',
    });
    const server = await start();
    const waiting = outcomeOf(server.wait(STATE));
    await Promise.all([server.close(), server.close()]);
    expect(await waiting).toMatchObject({ code: 'cancelled' });
    expect(await send(server.redirectUri, 'x')).toBe('refused');
  });

  test('for longer than a timer can be set', async () => {
    const server = await start({ timeoutMs: 2 ** 40 });
    const waiting = server.wait(STATE);
    expect(parsed(await visit(server.redirectUri, 'code=a')).status).toBe(400);
    await visit(server.redirectUri, `code=a&state=${STATE}`);
    expect((await waiting).kind).toBe('code');
  });
});

describe('in a process of its own', () => {
  async function waitingProcess(...argv: string[]) {
    const child = spawn(process.execPath, [WAITING, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async (): Promise<string> => (await lines.next()).value ?? '';
    return { child, line, exited: once(child, 'exit'), redirectUri: await line() };
  }

  test.each(['SIGINT', 'time-out', 'callback'] as const)('nothing keeps it alive after: %s', async (how) => {
    const { child, line, exited, redirectUri } = await waitingProcess(how === 'time-out' ? '3000' : '60000');
    const still = [open(redirectUri), open(redirectUri, 'GET /callback?')].map(heard);
    await Promise.all([visit(redirectUri, 'code=a')]);
    if (how === 'SIGINT') child.kill('SIGINT');
    if (how === 'callback') await visit(redirectUri, `code=a&state=${STATE}`);
    expect(await line()).toBe({ SIGINT: 'cancelled', 'time-out': 'consent_timeout', callback: 'code' }[how]);
    expect(await exited).toEqual([0, null]);
    expect(await Promise.all(still)).toEqual(['', '']);
  });

  test('case 100: killed, it leaves its port to the next', async () => {
    const { child, exited, redirectUri } = await waitingProcess();
    const cut = heard(open(redirectUri, 'GET /callback?'));
    expect(parsed(await visit(redirectUri, 'code=a')).status).toBe(400);
    child.kill('SIGKILL');
    await Promise.all([exited, cut]);
    const server = await start({ port: Number(new URL(redirectUri).port) });
    expect(server.redirectUri).toBe(redirectUri);
    const waiting = server.wait(STATE);
    await visit(server.redirectUri, `code=a&state=${STATE}`);
    expect((await waiting).kind).toBe('code');
  });
});
