import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Switches } from '../../support/stub-authorization-server/switches.ts';
import { SILENCE } from '../../support/transcript-process.ts';
import {
  AUTHORIZE,
  atTerminal,
  connectable,
  isClosed,
  redirectFrom,
  register,
  SECRET,
  urlIn,
} from './fixtures/person.ts';

describe('authorizing at a terminal', () => {
  test('a consent in the browser becomes a token; nothing listens any more', async () => {
    const session = await connectable();
    const { code, stderr } = await atTerminal(session, AUTHORIZE);
    expect([code, stderr]).toEqual([0, expect.stringContaining(': contacts.read\n')]);
    const url = urlIn(stderr);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    expect(await isClosed(url.searchParams.get('redirect_uri') ?? '')).toBe(true);
    const token = await session.shell.answer(['apps', 'token', 'crm']);
    const issued = session.stub.requests.filter(({ endpoint }) => endpoint === 'token');
    expect(issued).toHaveLength(1);
    expect(token).toMatch(/^[\w.-]{8,}$/);
  });

  test('verifier, code and tokens are printed and stored nowhere; state stands in the URL alone (case 97)', async () => {
    const session = await connectable();
    const { stderr, stdout } = await atTerminal(session, AUTHORIZE, {
      on: (proc) =>
        Object.assign(proc, { env: { ...proc.env, KEYWRIGHT_DEBUG: '1', NODE_DEBUG: 'http,net' } }),
    });
    const exchange = session.stub.requests.find(({ endpoint }) => endpoint === 'token');
    const sent = new URLSearchParams(exchange?.body ?? '');
    const token = await session.shell.answer(['apps', 'token', 'crm']);
    const secrets = [sent.get('code') ?? '', sent.get('code_verifier') ?? '', token, SECRET];
    for (const secret of secrets) expect(secret.length).toBeGreaterThan(7);
    const database = readFileSync(session.shell.database, 'latin1');
    for (const secret of secrets)
      expect([stdout + stderr, database].filter((all) => all.includes(secret))).toEqual([]);
    const url = urlIn(stderr);
    const rest = `${stdout}${stderr}${database}`.replaceAll(url.href, '');
    for (const name of ['state', 'code_challenge'])
      expect(rest).not.toContain(url.searchParams.get(name) as string);
  });

  test('the address is pasted instead, whatever else was pasted before (case 98)', async () => {
    const session = await connectable();
    const answers = ['no address'];
    const { code, stderr } = await atTerminal(session, AUTHORIZE, {
      answers,
      browserFirst: true,
      browser: async (url) => {
        const redirect = await redirectFrom(url);
        answers.push(redirect.replace(/state=[^&]+/, 'state=another'), ` ${redirect} `);
      },
    });
    expect([code, stderr.match(/that was not taken/g)]).toEqual([0, expect.objectContaining({ length: 2 })]);
    expect(stderr).toContain('paste the redirect URL here, or d for a device code (5 min)');
    expect(stderr).not.toMatch(/[?&]code=(?!challenge)/);
  });

  test.each([
    [{ consent: { error: 'access_denied' } }, 4, 'consent_denied'],
    [{ consent: { error: 'server_error', description: 'no\u001b[2J' } }, 7, 'provider_failed'],
    [{ answers: { token: { kind: 'body', status: 500, body: 'no' } } }, 7, 'provider_failed'],
    [
      { editRedirect: (answer: URLSearchParams) => answer.set('iss', 'https://evil.example.com') },
      7,
      'authorization_mismatch',
    ],
  ] as const)('%j ends it with exit %d, and stores nothing', async (changes, exit, error) => {
    const session = await connectable(changes as Partial<Switches>);
    const ran = await atTerminal(session, [...AUTHORIZE, '--json']);
    expect(ran).toMatchObject({ code: exit, stdout: '' });
    const [url, failure] = (ran.stderr.match(/\{".*\}$/gm) ?? []).map((line) => JSON.parse(line));
    expect(failure.error.code).toBe(error);
    expect(ran.stderr).not.toContain('\u001b[2J');
    expect(await isClosed(url.redirect_uri)).toBe(true);
    expect(await session.shell.answer(['apps', 'list'])).toContain('not-connected');
  });

  test.each([
    ['Ctrl-C', ['\x03'], undefined],
    ['the end of the input', [], undefined],
    ['SIGTERM', [SILENCE], 'SIGTERM'],
    ['SIGHUP', [SILENCE], 'SIGHUP'],
  ])('%s ends it with 130 and closes the port (case 96)', async (_, answers, signal) => {
    const session = await connectable({ consent: 'never' });
    const listeners = new Map<string, () => void>();
    const ran = await atTerminal(session, AUTHORIZE, {
      answers: [...answers],
      browser: async () => void setTimeout(() => signal && listeners.get(signal)?.(), 100),
      on: (proc) =>
        Object.assign(proc, { on: (name: string, listener: () => void) => listeners.set(name, listener) }),
    });
    expect([ran.code, ran.stdout]).toEqual([130, '']);
    expect(await isClosed(urlIn(ran.stderr).searchParams.get('redirect_uri') ?? '')).toBe(true);
  });

  test('a port that is asked for is the one, or none', async () => {
    const session = await connectable();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const port = String((taken.address() as AddressInfo).port);
    const refused = await atTerminal(session, [...AUTHORIZE, '--callback-port', port, '--json']);
    expect(refused.code).toBe(7);
    expect(JSON.parse(refused.stderr).error.code).toBe('callback_unavailable');
    await new Promise((resolve) => taken.close(resolve));
    const { code, stderr } = await atTerminal(session, [...AUTHORIZE, '--callback-port', port]);
    expect([code, urlIn(stderr).searchParams.get('redirect_uri')]).toEqual([
      0,
      `http://127.0.0.1:${port}/callback`,
    ]);
  });

  test('two at once have a port and a state each (case 99)', async () => {
    const session = await connectable();
    await register(session, 'other');
    const other = ['apps', 'authorize', 'other', '--scope', 'contacts.write', '--yes'];
    const both = await Promise.all([atTerminal(session, AUTHORIZE), atTerminal(session, other)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const states = both.map(({ stderr }) => urlIn(stderr).searchParams.get('state'));
    const redirects = both.map(({ stderr }) => urlIn(stderr).searchParams.get('redirect_uri'));
    expect([new Set(states).size, new Set(redirects).size]).toEqual([2, 2]);
  });

  test('the URL of a resource needs nothing: the app registers itself', async () => {
    const session = await connectable();
    const { code, stderr } = await atTerminal(session, ['apps', 'authorize', session.stub.resource, '--yes']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('by itself')]);
    const { host } = new URL(session.stub.resource);
    expect(await session.shell.answer(['apps', 'token', host])).not.toBe('');
    const asked = session.stub.requests.filter(({ endpoint }) => endpoint === 'authorize').at(-1);
    expect(asked?.query.get('resource')).toBe(session.stub.resource);
  });

  test("a client's own credentials need nobody, and no port", async () => {
    const session = await connectable();
    const argv = ['apps', 'authorize', 'crm', '--client-credentials', '--scope', 'contacts.read', '-q'];
    expect(await session.shell.answer(argv)).toBe('crm');
    expect(await session.shell.answer(['apps', 'token', 'crm', '--header'])).toMatch(
      /^Authorization: Bearer \S+$/,
    );
    expect(session.stub.requests.some(({ endpoint }) => endpoint === 'authorize')).toBe(false);
  });
});

test('a client secret that ends is said to', async () => {
  const at = Date.now() - 3_600_000;
  const ending = { client_secret: 's3cret', token_endpoint_auth_method: 'client_secret_basic' };
  const session = await connectable({
    edit: {
      register: (proper) => ({ ...proper, ...ending, client_secret_expires_at: Math.floor(at / 1000) }),
    },
  });
  const { code, stderr } = await atTerminal(session, [
    ...['apps', 'register', 'own', '--issuer', session.stub.issuer],
  ]);
  expect([code, stderr]).toEqual([0, expect.stringContaining('own was given a client secret that ended ')]);
});

test('a look-alike host is shown as what it is', async () => {
  const session = await connectable();
  const ran = await atTerminal(session, [
    ...['apps', 'register', 'fake', '--client-id', 'x', '--public'],
    ...[
      '--authorization-endpoint',
      'https://gіthub.com/authorize',
      '--token-endpoint',
      'https://gіthub.com/token',
    ],
  ]);
  expect(ran.code).toBe(0);
  const shown = await atTerminal(session, ['apps', 'authorize', 'fake'], { answers: ['n'] });
  expect([shown.code, shown.stderr]).toEqual([
    130,
    expect.stringContaining('xn--gthub-n2e.com (fake) asks acme for'),
  ]);
});
