import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { codeForm, post, stubWith, tokens } from './by-hand.ts';
import { startBystander } from './bystander.ts';
import { type RunningStub, startStub } from './start.ts';
import { ODD_TOKENS } from './token-battery.ts';

const json = async (url: string): Promise<Record<string, unknown>> =>
  (await fetch(url)).json() as Promise<Record<string, unknown>>;

describe('metadata', () => {
  test.each([
    ['', '/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'],
    ['/tenant', '/.well-known/oauth-authorization-server/tenant', '/tenant/.well-known/openid-configuration'],
  ])('of an issuer with the path %j are where each standard puts them', async (path, oauth, openid) => {
    const stub = await stubWith({}, path);
    for (const place of [oauth, openid]) {
      expect(await json(`${stub.origin}${place}`)).toMatchObject({
        issuer: `${stub.origin}${path}`,
        token_endpoint: `${stub.origin}/token`,
        authorization_response_iss_parameter_supported: true,
      });
    }
    stub.set({ discovery: ['openid'], iss: 'unknown', registration: false });
    expect((await fetch(`${stub.origin}${oauth}`)).status).toBe(404);
    const left = await json(`${stub.origin}${openid}`);
    expect(left).not.toHaveProperty('authorization_response_iss_parameter_supported');
    expect(left).not.toHaveProperty('registration_endpoint');
    stub.set({ discovery: [] });
    expect((await fetch(`${stub.origin}${openid}`)).status).toBe(404);
  });

  test('of the resource name the issuer', async () => {
    const stub = await stubWith({}, '/tenant');
    expect(await json(`${stub.origin}/.well-known/oauth-protected-resource/mcp`)).toMatchObject({
      resource: stub.resource,
      authorization_servers: [stub.issuer],
    });
  });

  test('can be edited, and any text can stand for them', async () => {
    const stub = await stubWith({
      edit: { 'oauth-metadata': (proper) => ({ ...proper, issuer: `${proper.issuer}/` }) },
    });
    const place = `${stub.origin}/.well-known/oauth-authorization-server`;
    expect((await json(place)).issuer).toBe(`${stub.origin}/`);
    stub.set({ edit: { 'oauth-metadata': () => '<!doctype html>' } });
    expect(await (await fetch(place)).text()).toBe('<!doctype html>');
  });
});

describe('what is kept of a request', () => {
  test('everything, in order', async () => {
    const stub = await stubWith();
    await post(stub, '/token?a=1', { grant_type: 'x', secret: 'canäry' }, { 'x-test': 'yes' });
    await fetch(`${stub.origin}/nowhere`);
    const [first, second] = stub.requests;
    expect(first).toMatchObject({ endpoint: 'token', method: 'POST', target: '/token?a=1', path: '/token' });
    expect(first?.headers).toMatchObject({ 'x-test': 'yes', host: new URL(stub.origin).host });
    expect(first?.query.get('a')).toBe('1');
    expect(first?.body).toBe('client_id=public-client&grant_type=x&secret=can%C3%A4ry');
    expect(first?.form.get('secret')).toBe('canäry');
    expect(second).toMatchObject({ endpoint: undefined, path: '/nowhere' });
    expect(second?.at).toBeGreaterThanOrEqual(first?.at ?? Number.POSITIVE_INFINITY);
    expect(stub.bytes().toString()).toContain('POST /token?a=1 HTTP/1.1\r\n');
    expect(stub.bytes().toString()).toContain(first?.body);
  });

  test('bytes of what never became a request, too', async () => {
    const stub = await stubWith();
    const socket = connect(Number(new URL(stub.origin).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write('POST /token HTTP/1.1\r\ncontent-length: 10\r\n\r\ncanary');
    await expect.poll(() => stub.bytes().toString()).toContain('canary');
    socket.destroy();
    expect(stub.requests).toEqual([]);
    await post(stub, '/token', {});
    expect(stub.requests).toHaveLength(1);
  });

  test('the wrong method is 405, and kept', async () => {
    const stub = await stubWith();
    expect((await fetch(`${stub.origin}/token`)).status).toBe(405);
    expect(stub.requests).toHaveLength(1);
  });
});

describe('answers', () => {
  test.each([301, 302, 303, 307, 308] as const)('%i elsewhere, where who follows is seen', async (status) => {
    const other = await startBystander();
    onTestFinished(other.close);
    const stub = await stubWith();
    const form = await codeForm(stub);
    stub.set({ answers: { token: { kind: 'redirect', status, to: `${other.origin}/token` } } });
    const kept = await post(stub, '/token', form);
    expect([kept.status, kept.headers.get('location')]).toEqual([status, `${other.origin}/token`]);
    expect(other.requests).toEqual([]);
    // The other origin sees whoever does follow, and with 307 and 308 the whole form.
    await fetch(`${stub.origin}/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect(other.requests).toHaveLength(1);
    expect(
      other
        .bytes()
        .toString()
        .includes(form.code as string),
    ).toBe(status >= 307);
    // Nothing was carried out.
    stub.set({ answers: {} });
    expect((await post(stub, '/token', form)).status).toBe(200);
  });

  test('come one by one, then properly; or again and again', async () => {
    const body = { kind: 'body', status: 503, body: '{}' } as const;
    const stub = await stubWith({ answers: { userinfo: [body, body] } });
    const get = async () => (await fetch(`${stub.origin}/userinfo`)).status;
    expect([await get(), await get(), await get()]).toEqual([503, 503, 401]);
    stub.set({ answers: { userinfo: body } });
    expect([await get(), await get(), await get()]).toEqual([503, 503, 503]);
  });

  test.each([
    ['unprocessed', true, undefined],
    ['before', false, undefined],
    ['inside', false, /^\{"access_token":"at_[^"]*$|^\{"access_token":"at_.*[^}]$/],
    ['after', false, /^\{"access_token":"at_.*\}$/],
  ] as const)('cut %s: the refresh token is still good: %s', async (when, isGood, seen) => {
    const stub = await stubWith();
    const { refresh_token = '' } = await tokens(stub);
    const form = { grant_type: 'refresh_token', refresh_token, client_id: 'public-client' };
    stub.set({ answers: { token: [{ kind: 'cut', when }] } });
    const answer = await rawPost(stub, '/token', new URLSearchParams(form).toString());
    if (seen === undefined) expect(answer).toBe('');
    else expect(answer.split('\r\n\r\n')[1]).toMatch(seen);
    stub.set({ reuseKills: false });
    expect((await post(stub, '/token', form)).status).toBe(isGood ? 200 : 400);
  });

  test('hold until they are let go, with the request carried out', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stub = await stubWith();
    const { refresh_token = '' } = await tokens(stub);
    stub.set({ answers: { token: [{ kind: 'hold', until: promise }] }, reuseKills: false });
    const form = { grant_type: 'refresh_token', refresh_token };
    const held = post(stub, '/token', form);
    await expect.poll(() => stub.requests.length).toBe(3);
    expect((await post(stub, '/token', form)).json.error).toBe('invalid_grant');
    resolve();
    expect((await held).status).toBe(200);
  });

  test('without end, without a byte, and byte by byte stop with the one who asked', async () => {
    const place = '/.well-known/oauth-authorization-server';
    const stub = await stubWith({ answers: { 'oauth-metadata': { kind: 'endless' } } });
    const endless = await fetch(`${stub.origin}${place}`);
    const reader = endless.body?.getReader();
    for (let read = 0; read < 1_000_000; )
      read += (await reader?.read())?.value?.length ?? Number.POSITIVE_INFINITY;
    await reader?.cancel();
    const sent = stub.requests[0]?.sent ?? 0;
    expect(sent).toBeGreaterThan(900_000);
    expect(sent).toBeLessThan(100_000_000);
    stub.set({ answers: { 'oauth-metadata': { kind: 'silence' } } });
    await expect(fetch(`${stub.origin}${place}`, { signal: AbortSignal.timeout(50) })).rejects.toThrow(
      'timeout',
    );
    stub.set({ answers: { 'oauth-metadata': { kind: 'drip', everyMs: 5 } } });
    const drip = await fetch(`${stub.origin}${place}`);
    const first = await drip.body?.getReader().read();
    expect(first?.value?.length).toBeLessThan(20);
  });

  test('a small body that is large when unpacked', async () => {
    const stub = await stubWith({ answers: { jwks: { kind: 'gzip-bomb', megabytes: 3 } } });
    const answer = await fetch(`${stub.origin}/jwks`);
    expect(Number(answer.headers.get('content-length'))).toBeLessThan(10_000);
    expect((await answer.arrayBuffer()).byteLength).toBe(3 << 20);
  });
});

describe('odd tokens', () => {
  test.each(ODD_TOKENS.map((odd) => [odd.name, odd] as const))('%s', async (_, { edit }) => {
    const stub = await stubWith();
    const form = await codeForm(stub);
    stub.set({ edit: { token: edit } });
    const response = await fetch(`${stub.origin}/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'public-client', ...form }),
    });
    const text = await response.text();
    expect(response.status).toBe(200);
    const proper = { access_token: expect.stringMatching(/^at_/), token_type: 'Bearer', expires_in: 3600 };
    const whole = { ...proper, refresh_token: expect.stringMatching(/^rt_/), scope: 'read write' };
    expect(readJson(text)).not.toEqual(whole);
  });

  test('have names of their own', () => {
    expect(new Set(ODD_TOKENS.map(({ name }) => name)).size).toBe(ODD_TOKENS.length);
  });
});

test('closing ends what is open and frees the port', async () => {
  const stub = await startStub({ answers: { jwks: { kind: 'silence' } } });
  const waiting = fetch(`${stub.origin}/jwks`).catch(() => 'ended');
  await expect.poll(() => stub.requests.length).toBe(1);
  await stub.close();
  await stub.close();
  expect(await waiting).toBe('ended');
  await expect(fetch(`${stub.origin}/jwks`)).rejects.toThrow();
});

/** JSON with what may surprise in it: a field twice and `__proto__` show in the text alone. */
function readJson(text: string): unknown {
  if (/"__proto__"|"access_token".*"access_token"/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** All that comes back on a connection of its own, until it ends one way or the other. */
async function rawPost(stub: RunningStub, path: string, body: string): Promise<string> {
  const { hostname, port, host } = new URL(stub.origin);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  const closed = new Promise((done) => socket.on('close', done));
  const headers = `host: ${host}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: ${body.length}`;
  socket.write(`POST ${path} HTTP/1.1\r\n${headers}\r\n\r\n${body}`);
  await closed;
  return Buffer.concat(chunks).toString();
}
