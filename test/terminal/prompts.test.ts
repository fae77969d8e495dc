import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { hasPty, play, type Step } from './fixtures/on-terminal.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'prompts-'));
const report = path.join(folder, 'report.json');
const stdout = path.join(folder, 'stdout');
afterAll(() => fs.rmSync(folder, { recursive: true }));
beforeEach(() => fs.rmSync(report, { force: true }));

/** Asks with stdout in a file, plays the steps, and gives back what was answered. */
function ask(kind: string, steps: readonly Step[]): { screen: string; answer: unknown } {
  const command = `"$NODE" test/terminal/fixtures/ask-question.ts ${report} ${kind} >${stdout}; echo done"" $?`;
  const screen = play([{ send: `${command}\n` }, { wait: 'forged? (Y/n)' }, ...steps, { wait: 'done 0' }]);
  expect(fs.readFileSync(stdout, 'utf8')).toBe('');
  return { screen, answer: JSON.parse(fs.readFileSync(report, 'utf8')) };
}

describe.skipIf(!hasPty)('questions on a real terminal (needs python3)', () => {
  test.each([
    ['confirm', 'y\r', true],
    ['confirm', '\r', false],
    ['input', '  ana \r', 'ana'],
    ['select', '\x1b[B\r', 2],
    ['multi', ' \r', [1]],
  ])('%s answered with %j is %j', (kind, keys, answer) => {
    expect(ask(kind, [{ send: keys }]).answer).toEqual({ answer });
  });

  test('search narrows down to what is typed', () => {
    expect(ask('search', [{ send: 'sec' }, { settle: true }, { send: '\r' }]).answer).toEqual({ answer: 2 });
  });

  test('what is hidden is never on the screen, not even its length', () => {
    const { screen, answer } = ask('hidden', [{ send: ' canary-1\x14canary-2 \r' }]);
    expect(answer).toEqual({ answer: 'canary-1canary-2' });
    expect(screen).not.toMatch(/canary|\*/);
  });

  test('a question that something else has answered is taken away, and the terminal is as before', () => {
    const { screen, answer } = ask('overtaken', [{ send: 'canary' }]);
    expect(answer).toMatchObject({ code: 'cancelled' });
    expect(screen).not.toContain('canary');
    const after = play([
      { send: `"$NODE" test/terminal/fixtures/ask-question.ts ${report} overtaken\n` },
      { wait: 'forged? (Y/n)' },
      { send: 'canary' },
      { wait: '$> ' },
      { send: 'stty -a | tr ";" "\\n" | grep -w -e icanon -e echo; echo done"" $?\n' },
      { wait: 'done 0' },
    ]);
    expect(after).toMatch(/(?<!-)icanon/);
    expect(after).toMatch(/(?<!-)\becho\b(?! done)/);
  });

  test('Ctrl-Z stops the job, and with fg the question goes on', () => {
    play([
      { send: `"$NODE" test/terminal/fixtures/ask-question.ts ${report} confirm\n` },
      { wait: 'forged? (Y/n)' },
      { settle: true },
      { send: '\x1a' },
      { wait: 'Stopped' },
      { wait: '$> ' },
      { send: 'fg\n' },
      { settle: true },
      { send: 'y\r' },
      { wait: '$> ' },
    ]);
    expect(JSON.parse(fs.readFileSync(report, 'utf8'))).toEqual({ answer: true });
  });

  test('neither message nor choice nor refusal can forge the screen (case 165)', () => {
    expect(ask('select', [{ send: '\r' }]).screen).toMatch(
      /really\\u\{1b\}\[2J\\u\{0a\}forged\?[\s\S]*first\\u\{1b\}\[31m/,
    );
    const { screen } = ask('input', [{ send: 'bad\r' }, { wait: 'not that\\u{1b}[2J' }, { send: 'x\r' }]);
    expect(screen).not.toContain('\x1b[2J');
  });

  test.each(['confirm', 'input', 'select', 'search', 'multi', 'hidden'])(
    'Ctrl-C and Ctrl-D in %s are cancelled',
    (kind) => {
      for (const key of ['\x03', '\x04']) {
        expect(ask(kind, [{ send: key }]).answer).toMatchObject({ code: 'cancelled' });
      }
    },
  );
});
