import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { keygen } from '../backup/real-age.ts';
import { Shell } from '../support/run-program.ts';

let shell: Shell;
let recipient: string;
const at = (name: string): string => join(shell.path, name);
const run = async (...lines: readonly string[]): Promise<void> => {
  for (const line of lines) await shell.answer(line.split(' '));
};
const opening = () => ['backup', 'restore', at('store.age'), '--identity', at('id.key'), '--yes'];
const backUp = (): Promise<string> =>
  shell.answer(['backup', 'create', at('store.age'), '--recipient', recipient, '-q']);

beforeEach(async () => {
  shell = await new Shell().init();
  ({ recipient } = keygen(at('id.key')));
  await shell.createKey('k');
});

const ROTATE = 'keys rotate k --grace 1d -q';
const CONFIGURE = ['integrations create shop -q', 'integrations configure shop -q'];
/** Ends with exit 9: the delivery is open, and the check is still to come. */
const openDelivery = async (): Promise<void> => {
  const argv = ['keys', 'rotate', 'k', '--deliver', 'true', '--check', 'false', '--check-timeout', '1s'];
  expect((await shell.run([...argv, '--no-input'])).code).toBe(9);
};

test.each<[string, readonly string[], readonly string[]]>([
  ['an overlap finished', [ROTATE], ['rotations finish k --yes -q']],
  ['an overlap that a second rotation followed', [ROTATE], [ROTATE]],
  ['two overlaps, of which one was finished', [ROTATE, ROTATE], ['rotations finish k --yes -q']],
  ['a rotation', [], [ROTATE]],
  ['a rotation rolled back', [ROTATE], ['rotations rollback k --yes -q']],
  ['an expiry that came nearer over an overlap', [ROTATE], ['keys update k --expires 1h -q']],
  ['an overlap finished, then disabled', [ROTATE], ['rotations finish k -y -q', 'keys disable k -y -q']],
  ['an overlap finished, then revoked', [ROTATE], ['rotations finish k -y -q', 'keys revoke k -y -q']],
  ['networks, policy and members', [], ['keys update k --allow-ip 10.0.0.0/8 -q', 'members add ben -q']],
  ['a workspace archived', ['workspaces create other -q'], ['workspaces archive other --yes -q']],
  [
    'an integration disabled',
    [...CONFIGURE, 'keys update k --integration shop -q'],
    ['integrations disable shop --yes -q'],
  ],
  [
    'an integration removed',
    [...CONFIGURE, 'keys update k --integration shop -q'],
    ['keys update k --integration none -q', 'integrations remove shop --yes -q'],
  ],
])('after a restore over %s nothing is wrong', async (_, before, since) => {
  await run(...before);
  await backUp();
  await run(...since);
  await shell.answer(opening());
  await run('doctor', 'audit verify');
  // The second one starts from what the first has left.
  await shell.answer([...opening(), '--undo-revocations']);
  await run('doctor', 'audit verify');
});

test('an end that was carried over has a date, and the delivery that gave it is over', async () => {
  await openDelivery();
  await backUp();
  await run('rotations resume k --check true -q');
  await shell.answer(opening());
  await run('doctor', 'audit verify');
  const rotations = await shell.answer(['rotations', 'list', '--json']);
  expect(rotations).toContain('"finished"');
  expect(rotations).not.toContain('1970');
  const { versions } = JSON.parse(await shell.answer(['keys', 'show', 'k', '--json']));
  expect(versions).toMatchObject([{ version: 2, current: true }, { version: 1 }]);
  expect(versions[1].valid_until).not.toBeNull();
  // Nothing is in the way of the next one.
  await run(ROTATE);
});

test('a version that was ended stays ended, with the end that it had', async () => {
  await run(ROTATE);
  await backUp();
  await run('rotations finish k --yes -q');
  await shell.answer(opening());
  for (const argv of [
    ['rotations', 'list', '--json'],
    ['keys', 'show', 'k', '--json'],
  ])
    expect(await shell.answer(argv)).not.toContain('1970');
  const { versions } = JSON.parse(await shell.answer(['keys', 'show', 'k', '--json']));
  expect(versions[1].ended_at).not.toBeNull();
});
