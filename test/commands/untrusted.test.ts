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
