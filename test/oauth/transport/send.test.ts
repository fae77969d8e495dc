import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../../src/errors.ts';
import { type Incoming, send, Unanswered } from '../../../src/oauth/transport/send.ts';
import { bystander } from '../fixtures/peer.ts';
import { CERTIFICATE, KEY } from '../fixtures/self-signed.ts';

const LIMITS = { connectMs: 20_000, totalMs: 20_000, bytes: 1024 };

/** A server that answers every connection with these bytes, and what it was sent. */
async function answering(
  bytes: string | Buffer,
  { thenEnd = true }: { thenEnd?: boolean } = {},
): Promise<{ port: number; received: () => string }> {
  let received = '';
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (!received.includes('\r\n\r\n')) return;
      socket.write(bytes);
      if (thenEnd) socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as { port: number }).port, received: () => received };
}

const get = (port: number, limits = LIMITS): Promise<Incoming> =>
  send(
    { url: `http://127.0.0.1:${port}/x`, method: 'GET', headers: { accept: 'a/b' }, body: undefined },
    limits,
  );

async function unanswered(asked: Promise<unknown>): Promise<Unanswered> {
  const thrown = await asked.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof Unanswered) return thrown;
  throw thrown ?? new Error('it was answered');
}

const http = (body: string | Buffer, headers = ''): Buffer =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${headers}\r\n`),
    Buffer.from(body),
  ]);

test('a whole answer', async () => {
  const { port, received } = await answering(
    http('héllo', 'X-A: 1\r\nX-A: 2\r\n').toString().replace('5', '6'),
  );
  const { status, header, body } = await get(port);
  expect([status, header('x-a'), header('x-b'), body]).toEqual([200, '1, 2', undefined, 'héllo']);
  expect(received()).toMatch(/^GET \/x HTTP\/1\.1\r\n/);
  expect(received()).toMatch(/accept-encoding: identity\r\n/i);
  expect(received()).toMatch(/connection: close\r\n/i);
});

test('gzip that nobody asked for is read, up to the limit', async () => {
  const small = await answering(http(gzipSync('hello'), 'content-encoding: gzip\r\n'));
  expect((await get(small.port)).body).toBe('hello');
  const bomb = await answering(http(gzipSync(Buffer.alloc(1 << 18)), 'content-encoding: gzip\r\n'));
  expect((await unanswered(get(bomb.port))).message).toMatch(/answered with more than 1 KiB$/);
  const torn = await answering(http('not gzip', 'content-encoding: gzip\r\n'));
  expect((await unanswered(get(torn.port))).message).toMatch(/damaged gzip$/);
  const other = await answering(http('x', 'content-encoding: br\r\n'));
  expect((await unanswered(get(other.port))).message).toMatch(/not asked for$/);
});

test.each<[string, string, RegExp]>([
  ['no HTTP', 'hello\r\n\r\n', /does not speak HTTP$/],
  ['nothing', '', /the connection was cut$/],
  ['headers without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, /its headers are too long$/],
  ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', /the connection was cut$/],
  [
    'half a chunk',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc',
    /the connection was cut$/,
  ],
  [
    'another protocol',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    /no answer from/,
  ],
  [
    'two lengths',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
    /does not speak HTTP$/,
  ],
])('an answer that is %s is none, and the request may have arrived', async (_, bytes, words) => {
  const { port } = await answering(bytes);
  const thrown = await unanswered(get(port));
  expect(thrown.isSent).toBe(true);
  expect(thrown.failure.message).toMatch(words);
  expect(thrown.failure.message).toContain(`127.0.0.1:${port}`);
});

test('it ends on time: without an answer, and inside one', async () => {
  for (const bytes of ['', 'HTTP/1.1 200 OK\r\n\r\nabc']) {
    const { port } = await answering(bytes, { thenEnd: false });
    const thrown = await unanswered(get(port, { ...LIMITS, totalMs: 900 }));
    expect(thrown.failure.message).toMatch(/no answer within 900 ms$/);
    expect(thrown.isSent).toBe(true);
  }
});

test('a handshake that never ends is no connection', async () => {
  const { port } = await answering('', { thenEnd: false });
  const secret = { authorization: 'Bearer canary' };
  const asked = send(
    { url: `https://127.0.0.1:${port}/`, method: 'POST', headers: secret, body: 'canary' },
    { ...LIMITS, connectMs: 200 },
  );
  const thrown = await unanswered(asked);
  expect([thrown.isSent, thrown.failure.message]).toEqual([
    false,
    `no answer from 127.0.0.1:${port}: no connection within 200 ms`,
  ]);
});

test.each(['http://192.0.2.1/', 'ftp://a.example/', 'https://u:p@a.example/', 'x', 'file:///etc/passwd'])(
  'nothing is sent to %s',
  async (url) => {
    const asked = send({ url, method: 'GET', headers: {}, body: undefined }, LIMITS);
    await expect(asked).rejects.toThrow(Failure);
  },
);

test('a certificate that nobody vouches for is refused before a byte is sent, whatever the environment says', async () => {
  let received = '';
  const server = createTlsServer({ cert: CERTIFICATE, key: KEY }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      socket.end(http('{}'));
    });
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  onTestFinished(() => {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    server.close();
  });
  const { port } = server.address() as { port: number };
  const url = `https://127.0.0.1:${port}/`;
  const thrown = await unanswered(send({ url, method: 'POST', headers: {}, body: 'canary' }, LIMITS));
  expect(thrown.isSent).toBe(false);
  expect(thrown.failure.message).toMatch(/its certificate is signed by itself$/);
  expect(received).toBe('');
});

test('a header that cannot be one is not sent and not quoted', async () => {
  const { port, received } = await answering(http('x'));
  const headers = { authorization: 'Bearer canary\r\nx: y' };
  const asked = send({ url: `http://127.0.0.1:${port}/`, method: 'GET', headers, body: undefined }, LIMITS);
  const thrown = await unanswered(asked);
  expect([thrown.isSent, received()]).toEqual([false, '']);
  expect(JSON.stringify([thrown.message, thrown.failure.message, thrown.stack])).not.toContain('canary');
});

test('no proxy is asked, whatever the environment says', async () => {
  const proxy = await bystander();
  const { port } = await answering(http('direct'));
  const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
  for (const name of names) process.env[name] = name.startsWith('NODE') ? '1' : proxy.origin;
  onTestFinished(() => {
    for (const name of names) delete process.env[name];
  });
  expect((await get(port)).body).toBe('direct');
  expect(proxy.bytes()).toHaveLength(0);
});
