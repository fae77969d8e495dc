import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createPrompts } from '../../src/terminal/prompts.ts';
import { hasPty, play, type Step } from './fixtures/on-terminal.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'passphrase-'));
const report = path.join(folder, 'report.json');
afterAll(() => fs.rmSync(folder, { recursive: true }));
beforeEach(() => fs.rmSync(report, { force: true }));

const PROMPT = 'store: ';
/** Prints the terminal's modes as `echo,icanon,isig,` or, where they are off, `-echo,…`. */
const LOOK = "stty -a | tr ' ' '\\n' | grep -xE -- '-?(echo|icanon|isig);?' | tr -d ';' | sort | tr '\\n' ,";
const ECHO_IS_BACK: Step[] = [{ wait: 'modes: ' }, { wait: 'echo,icanon,isig,.' }, { wait: '$> ' }];

/**
 * Runs the program in a subshell and looks at the terminal there: an interactive shell would put its own modes
 * in place before its next command.
 */
const start = (how: string, around = (command: string) => command): Step[] => {
  const command = around(`"$NODE" test/terminal/fixtures/ask-passphrase.ts ${report} ${how}`);
  return [{ send: `(${command}; echo modes"": $(${LOOK}).)\n` }, { wait: PROMPT }];
};
const reported = () => JSON.parse(fs.readFileSync(report, 'utf8'));

describe.skipIf(!hasPty)('passphrase on a real terminal (needs python3)', () => {
  test('is not shown, and stdin is something else (case 172)', () => {
    const screen = play([
      ...start('once', (command) => `echo 'from stdin' | ${command}`),
      { send: 'canary-phrase\r' },
      ...ECHO_IS_BACK,
    ]);
    expect(reported()).toEqual({ passphrase: 'canary-phrase' });
    expect(screen).not.toContain('canary');
    expect(screen).toContain('passphrase of \\u{1b}[2Jstore: ');
  });

  test('works with stdin, stdout and stderr all somewhere else', () => {
    play([
      ...start('once', (command) => `${command} </dev/null >/dev/null 2>&1`),
      { send: 'canary\r' },
      ...ECHO_IS_BACK,
    ]);
    expect(reported()).toEqual({ passphrase: 'canary' });
  });

  test('is asked twice, and again when they differ or it is too short', () => {
    play([
      ...start('twice'),
      { send: 'one that is long enough\r' },
      { wait: 'again: ' },
      { send: 'two that is long enough\r' },
      { wait: 'they differ' },
      { wait: PROMPT },
      { send: 'fourteen chars\r' },
      { wait: 'fewer than 15 characters; once more' },
      { wait: PROMPT },
      { send: 'fifteen letters\r' },
      { wait: 'again: ' },
      { send: 'fifteen letters\r' },
      ...ECHO_IS_BACK,
    ]);
    expect(reported()).toEqual({ passphrase: 'fifteen letters' });
  });

  test('Ctrl-C cancels and gives echo back (case 171)', () => {
    play([...start('once'), { send: 'canary\x03' }, ...ECHO_IS_BACK]);
    expect(reported()).toEqual({ code: 'cancelled' });
  });

  test.each(['TERM', 'HUP', 'INT'] as const)('SIG%s gives echo back and ends the program', (signal) => {
    const pid = path.join(folder, 'pid');
    const around = (command: string) => `${command} & echo $! >${pid}; wait $!; echo "ended $?"`;
    const code = 128 + os.constants.signals[`SIG${signal}`];
    play([...start('once', around), { kill: signal, pid }, { wait: `ended ${code}` }, ...ECHO_IS_BACK]);
    expect(fs.existsSync(report)).toBe(false);
  });

  test('Ctrl-Z stops the job with echo on, and it goes on where it was', () => {
    const screen = play([
      ...start('once'),
      { send: 'can' },
      { settle: true },
      { send: '\x1a' },
      { wait: 'Stopped' },
      { wait: '$> ' },
      { send: `echo modes"": $(${LOOK}).\n` },
      ...ECHO_IS_BACK,
      { send: 'fg\n' },
      { wait: PROMPT },
      { send: 'ary\r' },
      ...ECHO_IS_BACK,
    ]);
    expect(reported()).toEqual({ passphrase: 'canary' });
    expect(screen).not.toContain('ary\r');
  });

  test('a crash gives echo back', () => {
    const screen = play([...start('crash'), { wait: 'Error: crash' }, ...ECHO_IS_BACK]);
    expect(screen).toContain('crash');
    expect(fs.existsSync(report)).toBe(false);
  });

  test('of pasted lines the first counts, and the shell gets none of the others', () => {
    const screen = play([
      ...start('once'),
      { send: '\x1b[200~canary-first\rtouch-second\recho third\x1b[201~' },
      ...ECHO_IS_BACK,
    ]);
    expect(reported()).toEqual({ passphrase: 'canary-first' });
    expect(screen).not.toMatch(/canary|touch-second|third/);
  });
});

describe('without a terminal', () => {
  const options = {
    stdin: process.stdin,
    stderr: process.stderr,
    interactive: false,
    signals: { on() {}, off() {}, raise() {}, suspend() {} },
  };

  test('there is nobody to ask', async () => {
    const prompts = createPrompts({ ...options, mayAskPassphrase: true, openTerminal: () => undefined });
    await expect(prompts.passphrase('passphrase')).rejects.toMatchObject({
      code: 'passphrase_needed',
      hint: expect.stringContaining('--passphrase-file FILE'),
    });
  });

  test('the device is not even opened when asking is forbidden (case 178)', async () => {
    const openTerminal = () => {
      throw new Error('opened');
    };
    const prompts = createPrompts({ ...options, mayAskPassphrase: false, openTerminal });
    await expect(prompts.passphrase('passphrase')).rejects.toMatchObject({ code: 'passphrase_needed' });
  });

  test('every question is refused', async () => {
    const prompts = createPrompts({ ...options, mayAskPassphrase: false, openTerminal: () => undefined });
    const questions = [
      prompts.confirm('sure?', { default: true }),
      prompts.input('name'),
      prompts.select('which', []),
      prompts.search('which', async () => []),
      prompts.multi('which', []),
    ];
    for (const question of questions) await expect(question).rejects.toMatchObject({ code: 'usage' });
  });
});
