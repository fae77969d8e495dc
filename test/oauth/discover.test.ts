import { describe, expect, test } from 'vitest';
import { stubWith } from '../support/stub-authorization-server/by-hand.ts';
import type { RunningStub } from '../support/stub-authorization-server/start.ts';
import type { Answer, Switches } from '../support/stub-authorization-server/switches.ts';
import { authorization, factsOf, failureOf } from './fixtures/peer.ts';

const discover = (issuer: string) => authorization().discover(issuer);
const edited = (changes: (stub: () => RunningStub) => Record<string, unknown>): Promise<RunningStub> => {
  const box: { stub?: RunningStub } = {};
  const switches: Partial<Switches> = {
    edit: { 'oauth-metadata': (proper) => ({ ...proper, ...changes(() => box.stub as RunningStub) }) },
  };
  return stubWith(switches).then((stub) => {
    box.stub = stub;
    return stub;
  });
};

test('an issuer says where everything is', async () => {
  const stub = await stubWith({ discovery: ['openid'] });
  const { server, ...rest } = await discover(stub.issuer);
  expect(server).toEqual({ ...factsOf(stub), idTokenAlgorithms: ['ES256'] });
  expect(rest).toEqual({
    registrationEndpoint: `${stub.origin}/register`,
    takesMetadataDocuments: false,
    scopes: [],
    clientAuth: ['none', 'client_secret_basic', 'client_secret_post'],
  });
});

test('metadata of OAuth go first, also those of an issuer with a path', async () => {
  const stub = await stubWith({ urlClients: true, registration: false, iss: 'unknown' }, '/tenant');
  const found = await discover(stub.issuer);
  expect(found.server).toMatchObject({
    issuer: `${stub.origin}/tenant`,
    openid: false,
    issInResponse: false,
  });
  expect(found).toMatchObject({ takesMetadataDocuments: true, registrationEndpoint: null });
  expect(stub.requests.map(({ path }) => path)).toEqual(['/.well-known/oauth-authorization-server/tenant']);
});

describe('the issuer is the very text that was meant (RFC 8414 section 3.3)', () => {
  test.each<[string, (issuer: string) => string]>([
    ['a slash', (issuer) => `${issuer}/`],
    ['case', (issuer) => issuer.replace('http', 'HTTP')],
    ['port', (issuer) => issuer.replace(/:\d+$/, ':1')],
    ['path', (issuer) => `${issuer}/tenant`],
    ['host', () => 'https://elsewhere.example'],
  ])('it differs by %s', async (_, change) => {
    const stub = await edited((of) => ({ issuer: change(of().issuer) }));
    const failure = await failureOf(discover(stub.issuer));
    expect(failure.code).toBe('authorization_mismatch');
    expect(stub.requests).toHaveLength(1);
  });

  test('a difference of spelling alone is offered as the next command', async () => {
    const stub = await edited((of) => ({ issuer: `${of().issuer}/` }));
    const failure = await failureOf(discover(stub.issuer));
    expect(failure.retry).toEqual({ replace: stub.issuer, by: `${stub.issuer}/` });
  });

  test.each([1, null, undefined, ['a']])('it is %j', async (issuer) => {
    const stub = await edited(() => ({ issuer }));
    expect((await failureOf(discover(stub.issuer))).code).toMatch(
      /^(provider_failed|authorization_mismatch)$/,
    );
  });
});

describe('endpoints are https, or on this machine', () => {
  test.each([
    ['authorization_endpoint', 'http://auth.example/authorize'],
    ['authorization_endpoint', 'javascript:alert(1)'],
    ['token_endpoint', 'http://auth.example/token'],
    ['token_endpoint', 'http://127.0.0.1.example/token'],
    ['token_endpoint', 'https://user:pass@auth.example/token'],
    ['token_endpoint', 'file:///etc/passwd'],
    ['token_endpoint', '/token'],
    ['revocation_endpoint', 'http://auth.example/revoke'],
    ['device_authorization_endpoint', 'data:text/html,x'],
    ['userinfo_endpoint', 'http://10.0.0.1/userinfo'],
    ['jwks_uri', 'ftp://auth.example/jwks'],
    ['registration_endpoint', 'http://auth.example/register'],
  ])('%s: %s', async (name, url) => {
    const stub = await edited(() => ({ [name]: url }));
    const failure = await failureOf(discover(stub.issuer));
    expect(failure.code).toBe('provider_failed');
    expect(failure.message).toContain(name.replaceAll('_', ' '));
  });

  test('without a token endpoint there is nothing', async () => {
    const stub = await edited(() => ({ token_endpoint: undefined }));
    expect(await failureOf(discover(stub.issuer))).toMatchObject({ code: 'provider_failed' });
  });
});

describe('what is too much or too slow ends', () => {
  test.each<[string, Answer]>([
    ['endless', { kind: 'endless' }],
    ['a gzip bomb', { kind: 'gzip-bomb', megabytes: 64 }],
    ['a byte now and then', { kind: 'drip', everyMs: 10 }],
    ['silence', { kind: 'silence' }],
    ['a cut inside', { kind: 'cut', when: 'inside' }],
    ['a cut before', { kind: 'cut', when: 'before' }],
  ])('%s', async (_, answer) => {
    const stub = await stubWith({ answers: { 'oauth-metadata': answer } });
    const authority = authorization({ limits: { connectMs: 100, totalMs: 250, bytes: 1 << 20 } });
    const failure = await failureOf(authority.discover(stub.issuer));
    expect(failure.code).toMatch(/^provider_(failed|unreachable)$/);
    expect(failure.message).toContain(new URL(stub.origin).host);
    // What the system buffers on the way, and no more.
    expect(stub.requests[0]?.sent ?? 0).toBeLessThan(16 << 20);
  });

  test('an answer that is not JSON', async () => {
    const html = { kind: 'body', body: '<p>', headers: { 'content-type': 'text/html' } } as const;
    const stub = await stubWith({ answers: { 'oauth-metadata': html } });
    const failure = await failureOf(discover(stub.issuer));
    expect(failure.message).toMatch(/answered with text\/html, not with JSON$/);
  });

  test.each([
    'null',
    '[]',
    '"a"',
    '{',
    `${'['.repeat(100_000)}`,
    `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`,
  ])('JSON that is no metadata: %.10s', async (body) => {
    const stub = await stubWith({ answers: { 'oauth-metadata': { kind: 'body', body } } });
    expect((await failureOf(discover(stub.issuer))).code).toMatch(
      /^(provider_failed|authorization_mismatch)$/,
    );
  });
});

test('metadata pollute nothing', async () => {
  const stub = await stubWith({
    edit: {
      'oauth-metadata': (proper) => JSON.stringify(proper).replace('{', '{"__proto__":{"polluted":true},'),
    },
  });
  const { server } = await discover(stub.issuer);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  expect(Object.hasOwn(server, 'polluted')).toBe(false);
});

test('no metadata at all', async () => {
  const stub = await stubWith({ discovery: [] });
  const failure = await failureOf(discover(stub.issuer));
  expect(failure).toMatchObject({ code: 'provider_failed' });
  expect(failure.hint).toContain('apps register');
});

test.each(['http://auth.example', 'https://a.example/?q', 'https://a.example/#f', 'auth', 'file:///x', ''])(
  'no issuer: %s',
  async (issuer) => {
    expect(await failureOf(discover(issuer))).toMatchObject({ code: 'usage' });
  },
);

test('nobody there: host and cause are named', async () => {
  const stub = await stubWith();
  await stub.close();
  const failure = await failureOf(discover(stub.issuer));
  expect(failure.code).toBe('provider_unreachable');
  expect(failure.message).toBe(`no answer from ${new URL(stub.origin).host}: the connection was refused`);
  expect(failure.exitCode).toBe(7);
});

test('a host that does not exist', async () => {
  const failure = await failureOf(discover('https://auth.invalid'));
  expect(failure.message).toMatch(
    /^no answer from auth\.invalid: (there is no such host|its name cannot be looked up now)$/,
  );
});

describe('by a resource', () => {
  const find = (resource: string) => authorization().discoverResource(resource);

  test('its well-known address says (RFC 9728)', async () => {
    const stub = await stubWith();
    const found = await find(stub.resource);
    expect(found).toMatchObject({ resource: stub.resource, scopes: ['mcp:read', 'mcp:write'] });
    expect(found.server.issuer).toBe(stub.issuer);
    expect(stub.requests.some(({ endpoint }) => endpoint === 'resource')).toBe(false);
  });

  test('or its challenge', async () => {
    const stub = await stubWith({
      answers: { 'resource-metadata': [{ kind: 'body', status: 404, body: '' }] },
    });
    expect((await find(stub.resource)).server.issuer).toBe(stub.issuer);
    expect(stub.requests.map(({ endpoint }) => endpoint)).toEqual([
      'resource-metadata',
      'resource',
      'resource-metadata',
      'oauth-metadata',
    ]);
  });

  test('another resource is refused, on this host with the command that names it', async () => {
    const box = { resource: 'https://elsewhere.example/mcp' };
    const stub = await stubWith({
      edit: { 'resource-metadata': (proper) => ({ ...proper, resource: box.resource }) },
    });
    const elsewhere = await failureOf(find(stub.resource));
    expect(elsewhere).toMatchObject({ code: 'authorization_mismatch', retry: undefined });
    box.resource = `${stub.origin}/`;
    const here = await failureOf(find(stub.resource));
    expect(here.retry).toEqual({ replace: stub.resource, by: box.resource });
    expect(stub.requests.some(({ endpoint }) => endpoint === 'oauth-metadata')).toBe(false);
  });

  test.each(['http://evil.example', 'file:///x', 'auth', 'https://a.example/?q'])(
    'a server that it names badly is its fault: %s',
    async (issuer) => {
      const stub = await stubWith({
        edit: { 'resource-metadata': (proper) => ({ ...proper, authorization_servers: [issuer] }) },
      });
      expect(await failureOf(find(stub.resource))).toMatchObject({ code: 'provider_failed' });
    },
  );

  test('what differs in spelling between resource and server can’t be typed otherwise', async () => {
    const box = { issuer: '' };
    const stub = await stubWith({
      edit: { 'oauth-metadata': (proper) => ({ ...proper, issuer: box.issuer }) },
    });
    box.issuer = `${stub.issuer}/`;
    const failure = await failureOf(find(stub.resource));
    expect(failure).toMatchObject({ code: 'authorization_mismatch', retry: undefined });
  });

  test('a challenge that leads elsewhere is read by the same rules', async () => {
    const stub = await stubWith({
      answers: {
        'resource-metadata': [{ kind: 'body', status: 404, body: '' }],
        resource: {
          kind: 'body',
          status: 401,
          headers: { 'www-authenticate': 'Bearer resource_metadata="http://evil.example/x"' },
          body: '',
        },
      },
    });
    expect(await failureOf(find(stub.resource))).toMatchObject({ code: 'provider_failed' });
  });

  test('who says nothing', async () => {
    const nothing = { kind: 'body', status: 404, body: '' } as const;
    const stub = await stubWith({ answers: { 'resource-metadata': nothing, resource: nothing } });
    expect((await failureOf(find(stub.resource))).hint).toContain('--issuer');
    expect(await failureOf(find('mcp'))).toMatchObject({ code: 'usage' });
  });
});
