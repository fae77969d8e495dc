import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brokenProgram } from '../support/broken-program.ts';
import { Shell } from '../support/run-program.ts';

const HARMFUL = /[\u200b\u202e]/;
const NAME = 'gnp.\u{202e}exe';

/** Everything that tells of a key with a harmful name and purpose, but for JSON. */
async function told(shell: Shell): Promise<string> {
  const lines = [
    ['keys', 'list'],
    ['keys', 'show', NAME],
    ['keys', 'disable', NAME, '--yes'],
  ];
  let text = '';
  for (const argv of [...lines, ['keys', 'revoke', NAME, '--dry-run'], ['keys', 'show', `${NAME}x`]]) {
    const { stdout, stderr } = await shell.run(argv);
    text += stdout + stderr;
  }
  return text;
}

async function harmful(): Promise<Shell> {
  const shell = await new Shell().init();
  await shell.createKey(NAME, '--purpose', 'a\u200bb');
  return shell;
}

describe('what others wrote never steers a terminal (case 165)', () => {
  test('it is shown as text', async () => {
    const text = await told(await harmful());
    expect(text).not.toMatch(HARMFUL);
    expect(text).toContain('gnp.\\u{202e}exe');
  });

  test('broken variant: printed as it is, it would be seen', async () => {
    const shell = await harmful();
    shell.program = await brokenProgram({
      file: 'src/domain/visible.ts',
      was: 'return escapeHarmful(text, (character) => {',
      becomes: 'return text; escapeHarmful(text, (character) => {',
    });
    expect(await told(shell)).toMatch(HARMFUL);
  });
});

/** Pastes the command of the last hint, or of the last line, and gives back what the program would be given. */
function pasted(shell: Shell, stderr: string, sh = 'bash'): string[] {
  const [, command = ''] = /(keywright .*)\n$/.exec(stderr) ?? [];
  const script = `keywright() { printf '%s\\n' "$@"; }\n${command}`;
  return execFileSync(sh, ['-c', script], { encoding: 'utf8', cwd: shell.path }).split('\n').slice(0, -1);
}

describe('a hint can be pasted, whatever a name is', () => {
  test.each([
    '$(touch PWNED)',
    '`touch PWNED`',
    "'; touch PWNED; '",
    "\u200b'; touch PWNED; '",
    "\\'; touch PWNED; '",
  ])('%j is never run', async (name) => {
    const shell = await new Shell().init();
    const created = await shell.run(['keys', 'create', '--scope', 'orders:read', '--name', name]);
    expect(pasted(shell, created.stderr)).toEqual(['keys', 'rotate', name]);
    const again = await shell.run(['keys', 'create', '--scope', 'orders:read', '--name', name]);
    expect(pasted(shell, again.stderr)).toEqual(['keys', 'show', name]);
    const stranger = await shell.run(['keys', 'create', '--scope', 'orders:read', '--actor', name]);
    expect(pasted(shell, stranger.stderr)).toEqual(['members', 'add', name, '-w', 'acme']);
    pasted(shell, created.stderr + again.stderr + stranger.stderr, 'sh');
    expect(existsSync(join(shell.path, 'PWNED'))).toBe(false);
  });

  test('a name that looks like a flag stays a name', async () => {
    const shell = await new Shell().init();
    await shell.answer(['keys', 'create', '--scope', 'orders:read', '--name=-rf']);
    for (const line of [
      ['keys', 'rotate', '--grace', '0', '--', '-rf'],
      ['keys', 'revoke', '--', '-rf'],
    ]) {
      const { code, stderr } = await shell.run(line);
      expect(code).toBe(2);
      const next = pasted(shell, stderr);
      expect(next.slice(-3)).toEqual(['--yes', '--', '-rf']);
      expect((await shell.run(next)).code).toBe(0);
    }
    const near = await shell.run(['keys', 'show', 'rf']);
    expect(near.stderr).toContain('hint: keywright keys list\n');
  });
});
