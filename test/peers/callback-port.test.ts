import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { Shell } from '../support/run-program.ts';
import { hasPty } from '../terminal/fixtures/on-terminal.ts';
import { hexOf, isOpen, listeningOf } from './fixtures/listening.ts';
import { onTerminal } from './fixtures/pty.ts';
import { AUTHORIZE, answer, openSession, registered, startAuthorizing } from './fixtures/session.ts';

/** A command for `BROWSER` that writes down what it was told to open. */
function browserIn({ path }: Shell): { readonly env: { readonly BROWSER: string }; readonly opened: string } {
  const [program, opened] = [join(path, 'browser'), join(path, 'opened')];
  writeFileSync(
    program,
    `#!/bin/sh\nfor one; do printf '%s\\n' "$one" >> '${opened}.new'; done; mv '${opened}.new' '${opened}'\n`,
  );
  chmodSync(program, 0o755);
  return { env: { BROWSER: program }, opened };
}

describe('the callback port (case 85)', () => {
  test.skipIf(process.platform !== 'linux')(
    'is open on 127.0.0.1 while a consent is awaited: not before, and not while the code is exchanged',
    async () => {
      const session = await openSession();
      const { shell, provider } = session;
      const port = await freePort();
      const server = ['--issuer', provider.issuer, '--callback-port', port];
      expect((await shell.run(['apps', 'register', 'crm', ...server])).code).toBe(0);
      expect(await isOpen(new URL(`http://127.0.0.1:${port}`))).toBe(false);
      const waiting = await startAuthorizing(shell);
      const { child, redirectUri } = waiting;
      expect([redirectUri.port, listeningOf(child.pid ?? 0)]).toEqual([port, [hexOf(redirectUri)]]);
      const held = Promise.withResolvers<void>();
      provider.set({ hold: held.promise });
      await answer(waiting, 'allow');
      while (provider.exchanges.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      expect([child.exitCode, listeningOf(child.pid ?? 0)]).toEqual([null, []]);
      held.resolve();
      expect((await waiting.ended).code).toBe(0);
      expect(await isOpen(redirectUri)).toBe(false);
    },
  );

  test.each(['SIGINT', 'SIGTERM'] as const)('%s during the wait closes it: exit 130', async (signal) => {
    const session = await openSession();
    await registered(session);
    const waiting = await startAuthorizing(session.shell);
    expect(await isOpen(waiting.redirectUri)).toBe(true);
    waiting.child.kill(signal);
    expect(await waiting.ended).toMatchObject({ code: 130, stdout: '' });
    expect(await isOpen(waiting.redirectUri)).toBe(false);
    expect(session.provider.tokenRequests()).toBe(0);
  });

  test('a process that is killed leaves nothing: the next one has the port (case 100)', async () => {
    const session = await openSession();
    await registered(session);
    const first = await startAuthorizing(session.shell);
    first.child.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    const second = await startAuthorizing(session.shell);
    expect(second.redirectUri.href).toBe(first.redirectUri.href);
    expect(second.url.searchParams.get('state')).not.toBe(first.url.searchParams.get('state'));
    await answer(second, 'allow');
    expect((await second.ended).code).toBe(0);
  });
});

if (process.env.CI && process.platform !== 'win32' && !hasPty)
  throw new Error('these tests need python3 with its pty module');

describe.skipIf(!hasPty)('on a real terminal (needs python3)', () => {
  test('the browser of BROWSER is given the URL that is printed, as one word, and the wait ends with its consent', async () => {
    const session = await openSession();
    await registered(session);
    const { env, opened } = browserIn(session.shell);
    const terminal = onTerminal(session.shell, AUTHORIZE, env);
    const [, printed = ''] = await terminal.shows(/open (http\S+)\r\n/);
    await terminal.shows(/paste the redirect URL here/);
    const url = new URL(printed);
    const redirectUri = new URL(url.searchParams.get('redirect_uri') ?? '');
    while (!existsSync(opened)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(readFileSync(opened, 'utf8')).toBe(`${url.href}\n`);
    await answer({ url, redirectUri }, 'allow');
    expect(await terminal.ended).toEqual({ code: 0, restored: true });
    expect(terminal.screen()).toContain('connected as ana@example.com: openid offline_access email read');
  });

  test('Ctrl-C during the wait: port closed, terminal as before, exit 130 (case 96)', async () => {
    const session = await openSession();
    await registered(session);
    const terminal = onTerminal(session.shell, [...AUTHORIZE, '--no-browser']);
    const [, redirect = ''] = await terminal.shows(/redirect_uri=(http\S+?)&/);
    await terminal.shows(/paste the redirect URL here/);
    const redirectUri = new URL(decodeURIComponent(redirect));
    expect(await isOpen(redirectUri)).toBe(true);
    terminal.type('\x03');
    expect(await terminal.ended).toEqual({ code: 130, restored: true });
    expect(await isOpen(redirectUri)).toBe(false);
  });

  test('with CI set nothing is asked, opened or waited for: exit 2', async () => {
    const session = await openSession();
    await registered(session);
    const { env, opened } = browserIn(session.shell);
    const terminal = onTerminal(session.shell, AUTHORIZE, { ...env, CI: 'true' });
    expect(await terminal.ended).toEqual({ code: 2, restored: true });
    expect(terminal.screen()).not.toMatch(/open http|paste|\?/);
    const piped = await session.shell.run(AUTHORIZE, { env: { ...env, CI: 'true' } });
    expect(piped).toMatchObject({ code: 2, stdout: '' });
    expect(existsSync(opened)).toBe(false);
  });
});

test('where nobody can be asked no browser opens by itself', async () => {
  const session = await openSession();
  await registered(session);
  const { env, opened } = browserIn(session.shell);
  const waiting = await startAuthorizing(session.shell, AUTHORIZE, { env });
  await answer(waiting, 'allow');
  expect((await waiting.ended).code).toBe(0);
  expect(existsSync(opened)).toBe(false);
});
