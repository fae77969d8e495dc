import { once } from 'node:events';
import { createServer, Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bind, LOOPBACK } from '../../../src/oauth/callback/bind.ts';
import { listen } from '../../../src/oauth/callback/listen.ts';
import { ownSockets } from './fixtures/own-sockets.ts';
import { send } from './fixtures/wire.ts';

/** Refuses to listen on some addresses, as an operating system does. */
class Refusing extends Server {
  readonly tried: string[] = [];
  readonly #codes: Readonly<Record<string, string>>;

  constructor(codes: Readonly<Record<string, string>>) {
    super();
    this.#codes = codes;
    onTestFinished(() => void this.close());
  }

  override listen(...[options, listening]: unknown[]): this {
    const { host } = options as { host: string };
    this.tried.push(host);
    const code = this.#codes[host];
    if (code === undefined) return super.listen(options as object, listening as () => void);
    queueMicrotask(() => this.emit('error', Object.assign(new Error(code), { code })));
    return this;
  }
}

/** 127.0.0.1, as a number of the machine's byte order. */
const LOOPBACK_IN_PROC = '0100007F';

test('case 85: listens on 127.0.0.1 alone, and only from asking to closing', async () => {
  const before = ownSockets();
  const server = await listen({ timeoutMs: 60_000 });
  const port = Number(new URL(server.redirectUri).port);
  const opened = ownSockets().filter((socket) => !before.some((other) => other.port === socket.port));
  expect(opened).toEqual([{ address: LOOPBACK_IN_PROC, port, listens: true }]);
  for (const address of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])) {
    if (address.internal || address.family !== 'IPv4') continue;
    expect(await send(`http://${address.address}:${port}/`, 'x'), address.address).toBe('refused');
  }
  await server.close();
  expect(ownSockets()).toEqual(before);
});

describe('case 86: an address that is refused', () => {
  test.each(['EADDRNOTAVAIL', 'EADDRINUSE', 'EACCES'])('%s: the other one is taken', async (code) => {
    const server = new Refusing({ '127.0.0.1': code });
    // Not every machine has ::1; what counts here is that the next one is tried, and which one that is.
    expect(LOOPBACK).toEqual(['127.0.0.1', '::1']);
    expect(await bind(server, 0, ['127.0.0.1', '127.0.0.2'])).toMatch(/^http:\/\/127\.0\.0\.2:[0-9]+$/);
    expect(server.tried).toEqual(['127.0.0.1', '127.0.0.2']);
  });

  test('with no other left is explained, without waiting', async () => {
    const server = new Refusing({ '127.0.0.1': 'EADDRINUSE', '::1': 'EAFNOSUPPORT' });
    await expect(bind(server, 0)).rejects.toMatchObject({
      code: 'callback_unavailable',
      exitCode: 7,
      message:
        'no port can be opened on this machine for the browser to come back to ' +
        '(127.0.0.1: EADDRINUSE, ::1: EAFNOSUPPORT)',
    });
    expect(server.tried).toEqual(['127.0.0.1', '::1']);
  });

  test('of a machine that has no such address', async () => {
    const server = new Refusing({});
    expect(await bind(server, 0, ['192.0.2.1', '127.0.0.1'])).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });
});

describe('a port that was asked for', () => {
  test('is that one', async () => {
    const { port } = new URL(await bind(new Refusing({}).unref(), 0));
    const closed = await listen({ timeoutMs: 60_000 });
    await closed.close();
    const again = await listen({ port: Number(new URL(closed.redirectUri).port), timeoutMs: 60_000 });
    onTestFinished(() => again.close());
    expect(again.redirectUri).toBe(closed.redirectUri);
    expect(new URL(again.redirectUri).port).not.toBe(port);
  });

  test('is never exchanged for another, nor for another address', async () => {
    const holder = createServer().listen({ host: '127.0.0.1', port: 0 });
    await once(holder, 'listening');
    onTestFinished(() => void holder.close());
    const { port } = holder.address() as { port: number };
    await expect(listen({ port, timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'callback_unavailable',
      message: `port ${port} of this machine is in use`,
      hint: expect.stringContaining('--callback-port'),
    });
  });

  test('may need rights that this user does not have', async () => {
    const server = new Refusing({ '127.0.0.1': 'EACCES' });
    await expect(bind(server, 80)).rejects.toMatchObject({
      message: expect.stringMatching(/^port 80 .* user$/),
    });
    expect(server.tried).toEqual(['127.0.0.1']);
  });

  test('is not looked for on ::1: the redirect URI that was registered is another', async () => {
    const server = new Refusing({ '127.0.0.1': 'EADDRNOTAVAIL' });
    await expect(bind(server, 8080)).rejects.toMatchObject({
      message: expect.stringMatching(/^no port can be opened .*\(127\.0\.0\.1: EADDRNOTAVAIL\)$/),
    });
    expect(server.tried).toEqual(['127.0.0.1']);
  });
});
