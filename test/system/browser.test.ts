import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Desktop, openBrowser, remoteness } from '../../src/system/browser.ts';

/** A stand-in for a browser that writes down its arguments and environment, and then does what it is told. */
async function opener(
  then = '',
): Promise<{ path: string; folder: string; told: () => Promise<readonly string[]> }> {
  const folder = await mkdtemp(join(tmpdir(), 'browser-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'open it');
  const log = join(folder, 'told');
  await writeFile(
    path,
    `#!/bin/sh\n{ for a; do printf '%s\\0' "$a"; done; env; } > '${log}.part'\nmv '${log}.part' '${log}'\n${then}\n`,
  );
  await chmod(path, 0o755);
  const told = async (): Promise<readonly string[]> => {
    for (;;) {
      const text = await readFile(log, 'utf8').catch(() => undefined);
      if (text !== undefined) return text.split('\0');
      await wait(5);
    }
  };
  return { path, folder, told };
}

const desktop = (BROWSER: string | undefined, env: Record<string, string> = {}): Desktop => ({
  platform: 'linux',
  env: { PATH: process.env.PATH, BROWSER, ...env },
});

describe('★ one argument, as `new URL` writes it, and no shell', () => {
  test.each([
    ['https://h/$(touch%20pwned)', 'https://h/$(touch%20pwned)'],
    ['https://h/$(touch pwned)', 'https://h/$(touch%20pwned)'],
    ['https://h/`id`', 'https://h/%60id%60'],
    ['https://h/?a=1&calc', 'https://h/?a=1&calc'],
    ['https://h/?a="b" c', 'https://h/?a=%22b%22%20c'],
    ['https://h/a\nb;touch pwned', 'https://h/ab;touch%20pwned'],
    ['  https://h/--version', 'https://h/--version'],
    ['http://127.0.0.1:8080/x', 'http://127.0.0.1:8080/x'],
  ])('%j', async (url, opened) => {
    const { path, told, folder } = await opener();
    expect(await openBrowser(url, desktop(path))).toBe(true);
    const [first, ...rest] = await told();
    expect(first).toBe(opened);
    expect(rest).toHaveLength(1);
    await expect(readFile(join(folder, 'pwned'))).rejects.toThrow();
  });

  test.each([
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'ms-settings:network',
    'vbscript:x',
    'http://auth.example/',
    'http://127.0.0.1.example/',
    'https://user:pass@h/',
    '--version',
    '/etc/passwd',
    'https://',
    '',
  ])('never opened: %s', async (url) => {
    const { path, folder } = await opener();
    expect(await openBrowser(url, desktop(path))).toBe(false);
    await expect(readFile(join(folder, 'told'))).rejects.toThrow();
  });

  test('broken variant: by a shell the same URL runs a command', async () => {
    const { path, told, folder } = await opener();
    const { spawn } = await import('node:child_process');
    spawn(`'${path}' ${'https://h/$(touch pwned)'}`, { shell: true, cwd: folder, stdio: 'ignore' });
    await told();
    await expect(readFile(join(folder, 'pwned'))).resolves.toBeDefined();
  });
});

describe('an opener of any kind', () => {
  test('that is missing', async () => {
    expect(await openBrowser('https://h/', desktop('/nonexistent/browser'))).toBe(false);
    expect(await openBrowser('https://h/', desktop('xdg-open --new'))).toBe(false);
    expect(await openBrowser('https://h/', { platform: 'linux', env: { PATH: '/nonexistent' } })).toBe(false);
    expect(await openBrowser('https://h/', desktop('a\0b'))).toBe(false);
  });

  test('that fails', async () => {
    const { path, told } = await opener('exit 1');
    expect(await openBrowser('https://h/', desktop(path))).toBe(true);
    await told();
  });

  test('that talks and never ends', async () => {
    const { path, told, folder } = await opener(
      `echo $$ > "$(dirname "$0")/pid"; echo noise; echo noise >&2; exec sleep 60`,
    );
    expect(await openBrowser('https://h/', desktop(path))).toBe(true);
    await told();
    for (let pid = ''; ; await wait(5)) {
      pid = await readFile(join(folder, 'pid'), 'utf8').catch(() => '');
      if (!pid.endsWith('\n')) continue;
      process.kill(Number(pid));
      break;
    }
  });

  test('that gets none of our variables', async () => {
    const { path, told } = await opener();
    await openBrowser('https://h/', desktop(path, { KEYWRIGHT_KEY_FILE: 'canary', LANG: 'C' }));
    const text = (await told()).join('\n');
    expect(text).toContain('LANG=C');
    expect(text).not.toContain('canary');
  });
});

test.each<[string, Desktop, readonly string[], ReturnType<typeof remoteness>]>([
  ['a desktop', { platform: 'linux', env: { DISPLAY: ':0' } }, [], undefined],
  ['Wayland', { platform: 'linux', env: { WAYLAND_DISPLAY: 'wayland-0' } }, [], undefined],
  ['ssh', { platform: 'darwin', env: { SSH_CONNECTION: '1 2 3 4' } }, [], 'ssh'],
  ['ssh -X', { platform: 'linux', env: { SSH_TTY: '/dev/pts/0', DISPLAY: ':10' } }, [], 'ssh'],
  ['a Mac', { platform: 'darwin', env: {} }, [], undefined],
  ['Windows', { platform: 'win32', env: {} }, [], undefined],
  ['WSL', { platform: 'linux', env: { WSL_DISTRO_NAME: 'Debian' } }, [], undefined],
  ['a server', { platform: 'linux', env: { DISPLAY: '' } }, [], 'no-display'],
  ['a chosen browser', { platform: 'linux', env: { BROWSER: 'w3m' } }, [], undefined],
  ['Docker', { platform: 'linux', env: {} }, ['/.dockerenv'], 'container'],
  ['Podman', { platform: 'linux', env: {} }, ['/run/.containerenv'], 'container'],
  ['Codespaces', { platform: 'linux', env: { CODESPACES: 'true', BROWSER: 'x' } }, [], 'container'],
])('is the browser here? %s', (_, at, files, expected) => {
  expect(remoteness(at, (path) => files.includes(path))).toBe(expected);
});
