import { describe, expect, test } from 'vitest';
import { Shell } from '../support/run-program.ts';
import { hasPty, play, type Step } from '../terminal/fixtures/on-terminal.ts';

/** The terminal's modes, as `echo,icanon,isig,` when they are as a shell left them. */
const MODES = "stty -a | tr ' ' '\\n' | grep -xE -- '-?(echo|icanon|isig);?' | tr -d ';' | sort | tr '\\n' ,";
const PHRASE = 'canary horse battery staple';

/** Types a command of the program, in a subshell that then tells its exit code and the terminal's modes. */
function type(shell: Shell, argv: string): Step[] {
  const env = Object.entries(shell.env).map(([name, value]) => `${name}='${value}'`);
  return [
    {
      send: `(env -u CI ${env.join(' ')} "$NODE" bin/keywright.js ${argv}; echo "code=$?"; echo modes"": $(${MODES}).)\n`,
    },
  ];
}

const ends = (code: number): Step[] => [
  { wait: `code=${code}` },
  { wait: 'modes: echo,icanon,isig,.' },
  { wait: '$> ' },
];

if (process.env.CI && process.platform !== 'win32' && !hasPty)
  throw new Error('these tests need python3 with its pty module');

describe.skipIf(!hasPty)('on a real terminal (needs python3)', () => {
  test('init asks for a recovery passphrase, twice, and does not show it', async () => {
    const shell = new Shell();
    const screen = play([
      ...type(shell, 'init --workspace acme --unlock key-file'),
      { wait: 'recovery passphrase' },
      { send: `${PHRASE}\r` },
      { wait: 'the same again: ' },
      { send: `${PHRASE}\r` },
      { wait: 'recovery   passphrase slot added' },
      ...ends(0),
    ]);
    expect(screen).not.toContain('canary');
    expect(await shell.answer(['slots', 'list', '-q'])).toBe('key-file\nrecovery');
  });

  test('whoever waits for a consent can give up: 130, and the terminal and the port are as before', async () => {
    const shell = await new Shell().init();
    await shell.answer(['apps', 'register', 'github', '--client-id', 'x', '--from-stdin', '-q'], 'secret');
    for (const key of ['\x03', '\x04']) {
      const screen = play([
        ...type(shell, 'apps authorize github --no-browser --yes'),
        { wait: 'paste the redirect URL here, or d for a device code (5 min)' },
        { send: 'canary' },
        { settle: true },
        { send: key === '\x04' ? '\x15\x04' : key },
        ...ends(130),
      ]);
      expect(screen).not.toContain('canary');
      const { origin } = new URL(decodeURIComponent(/redirect_uri=([^&\s]+)/.exec(screen)?.[1] ?? ''));
      await expect(fetch(origin)).rejects.toThrow();
    }
  });

  const UNLIKE = ['one that is long\r', 'other that is long\r'];
  test.each([
    ['empty', 1, ['\r']],
    ['too short each time', 1, ['a\r', 'b\r', 'fourteen chars\r']],
    ['never the same twice', 2, [...UNLIKE, ...UNLIKE, ...UNLIKE]],
  ])('a recovery passphrase that is %s can be left out, as the hint says', async (_, each, lines) => {
    const shell = new Shell();
    const typed = lines.flatMap((send, i): Step[] => [
      { wait: i % each === 0 ? '--no-recovery leaves it out): ' : 'the same again: ' },
      { send },
    ]);
    play([
      ...type(shell, 'init --workspace acme --unlock key-file'),
      ...typed,
      { wait: 'init --workspace acme --unlock key-file --no-recovery' },
      ...ends(lines.length === 1 ? 6 : 2),
    ]);
    expect((await shell.run(['keys', 'list'])).code).toBe(11);
  });

  test('Ctrl-C at the passphrase leaves no store and a sane terminal', async () => {
    const shell = new Shell();
    play([
      ...type(shell, 'init --unlock key-file'),
      { wait: 'recovery passphrase' },
      { send: 'canary\x03' },
      ...ends(130),
    ]);
    expect((await shell.run(['keys', 'list'])).code).toBe(11);
  });

  test('keys create asks for a scope, shows what that means, and asks', async () => {
    const shell = await new Shell().init();
    await shell.answer(['scopes', 'add', 'orders:read', '-q']);
    await shell.answer(['scopes', 'add', 'refunds:write', '-q']);
    const screen = play([
      ...type(shell, 'keys create --name billing'),
      { wait: 'scope (resource:action)' },
      { send: 'orders' },
      { settle: true },
      { send: '\r' },
      { wait: 'another scope' },
      { settle: true },
      { send: '\r' },
      { wait: 'key of acme that may do: orders:read' },
      { wait: 'expires' },
      { wait: 'create it?' },
      { send: 'y\r' },
      { wait: 'kw_sk_live_' },
      { wait: 'shown once' },
      ...ends(0),
    ]);
    const secret = /kw_sk_live_[0-9A-Za-z]{61}/.exec(screen)?.[0] ?? '';
    expect((await shell.run(['keys', 'verify', '--scope', 'orders:read'], { input: secret })).code).toBe(0);
  });

  test('no to the question makes nothing', async () => {
    const shell = await new Shell().init();
    play([
      ...type(shell, 'keys create --name billing'),
      { wait: 'scope (resource:action)' },
      { settle: true },
      { send: '\r' },
      { wait: 'another scope' },
      { settle: true },
      { send: '\r' },
      { wait: 'create it?' },
      { send: 'n\r' },
      { wait: 'nothing was created' },
      ...ends(130),
    ]);
    expect(await shell.answer(['keys', 'list', '-q'])).toBe('');
  });

  test.each([
    ['no', 'n\r'],
    ['return', '\r'],
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('keys revoke shows the key before it asks, and %s leaves it alone', async (_, keystroke) => {
    const shell = await new Shell().init();
    await shell.createKey('billing');
    play([
      ...type(shell, 'keys revoke billing'),
      { wait: 'billing' },
      { wait: 'kw_pk_live_' },
      { wait: 'can not be taken back' },
      { wait: 'revoke it?' },
      { settle: true },
      { send: keystroke },
      ...ends(130),
    ]);
    expect(await shell.status('billing')).toBe('active');
  });

  test('yes revokes it', async () => {
    const shell = await new Shell().init();
    await shell.createKey('billing');
    play([
      ...type(shell, 'keys revoke billing'),
      { wait: 'revoke it?' },
      { send: 'y\r' },
      { wait: 'revoked billing' },
      ...ends(0),
    ]);
    expect(await shell.status('billing')).toBe('revoked');
  });

  test('with CI or --no-input nothing is asked, on a terminal either', async () => {
    const shell = await new Shell().init();
    await shell.createKey('billing');
    play([...type(shell, 'keys revoke billing --no-input'), ...ends(2)]);
    expect(await shell.status('billing')).toBe('active');
  });
});
