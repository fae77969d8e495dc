import { describe, expect, test } from 'vitest';
import { parse } from '../../src/commands/program.ts';

async function refusal(argv: readonly string[]): Promise<{ message: string; hint: string }> {
  const error = await parse(argv, { program: 'keywright', version: '0.0.0' }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'usage' });
  return error as { message: string; hint: string };
}

test.each([
  [['keys', 'lst'], 'unknown command: keys lst', 'did you mean list?'],
  [['kyes'], 'unknown command: kyes', 'did you mean keys? {keywright} keys'],
  [['slot', 'delete', 'x'], 'unknown command: slots delete', 'did you mean remove?'],
  [['frobnicate'], 'unknown command: frobnicate', '{keywright} help'],
  [
    ['keys', 'list', '--ownr', 'x'],
    "unknown option '--ownr'",
    'did you mean --owner? {keywright} keys list --help',
  ],
  [['keys', 'list', '-x9'], "unknown option '-x'", '{keywright} keys list --help'],
  [['keys', 'ls', '--json=1'], '--json takes no value', '{keywright} keys list --help'],
  [['keys', 'list', '--status'], '--status needs a value', '{keywright} keys list --help'],
  [['keys', 'creat', '--scope', 'a:b'], 'unknown command: keys creat', 'did you mean create?'],
  [
    ['-w', 'acme', '--json', '--status=active', 'keys', 'list', '--', 'x'],
    '-w stands before the command',
    'put -w after the command: {keywright} --json keys list -w acme --status=active -- x',
  ],
  [['keys', 'bogus', '--help'], 'unknown command: keys bogus', expect.stringContaining('one of create')],
  [['keys', '--frobnicate'], "unknown option '--frobnicate'", '{keywright} keys --help'],
  ...[
    ['--name', '--help'],
    ['--name', '-rf'],
    ['--name', '-'],
  ].map((words): [string[], string, string] => [
    ['keys', 'create', ...words],
    '--name needs a value',
    'write --name=VALUE for one that begins with -; {keywright} keys create --help',
  ]),
  [
    ['keys', 'create', '--scope', '--json'],
    '--scope needs a value',
    'write --scope=VALUE for one that begins with -; {keywright} keys create --help',
  ],
  [
    ['--actor', '-x', 'keys', 'list'],
    '--actor needs a value',
    'write --actor=VALUE for one that begins with -; {keywright} keys list --help',
  ],
  [['init', 'x'], 'too many arguments: init takes no argument', '{keywright} init --help'],
  [['workspaces', 'rename', 'a'], 'missing required argument <name>', '{keywright} workspaces rename --help'],
])('%j', async (argv, message, hint) => {
  expect(await refusal(argv)).toMatchObject({ message, hint });
});

test.each([[['keys', 'update', 'billing', '--name=-rf']], [['keys', 'update', '--name=-rf', '--', '-rf']]])(
  'a value that is joined to its flag may begin with -: %j',
  async (argv) => {
    const outcome = await parse(argv, { program: 'keywright', version: '0.0.0' });
    expect(outcome).toMatchObject({ command: { values: { name: '-rf' } } });
  },
);

describe('what may be a secret is not repeated, and the way for secrets is named', () => {
  test.each([
    [['init', '--passphrase=canary'], '{keywright} init --passphrase-file FILE'],
    [['slots', 'add', '--password', 'canary'], '{keywright} slots add --from-stdin < FILE'],
    [['slots', 'add', '--from-stdin=canary'], '{keywright} slots add --from-stdin < FILE'],
    [['keys', 'revoke', '--secret=canary'], '{keywright} keys revoke --from-stdin < FILE'],
    [['keys', 'show', '--value', 'canary'], '{keywright} keys show --from-stdin < FILE'],
    [['keys', 'create', '--token=canary'], '{keywright} keys create --help'],
    [['keys', 'canary_1'], '{keywright} keys --help'],
    [['canary 1'], '{keywright} help'],
    [['keys', 'list', '--canary 1'], '{keywright} keys list --help'],
    [['keys', 'list', '-canary'], '{keywright} keys list --help'],
    [['keys', 'list', '--status', 'canary'], '{keywright} keys list --help'],
    [['keys', 'verify', 'canary', 'canary'], '{keywright} keys verify --help'],
    [['keys', 'verfy', 'canary'], '{keywright} keys verify'],
    [['keys', 'list', '--owner', 'a', '--owner', 'canary'], '{keywright} keys list --help'],
  ])('%j', async (argv, way) => {
    const { message, hint } = await refusal(argv);
    expect(`${message} ${hint}`).not.toContain('canary');
    expect(hint.endsWith(way), hint).toBe(true);
  });
});
