import { expect, test } from 'vitest';
import { inTheseFlags } from '../../src/commands/slots/add.ts';
import { Failure } from '../../src/errors.ts';
import { failureOf } from '../../src/secrets/slots/keychain/trouble.ts';

test.each([
  'Cannot autolaunch D-Bus without X11 $DISPLAY',
  'failed to connect to socket',
  'Prompt was dismissed',
  'the collection is locked',
  'Did not receive a reply',
])('a keychain slot that can not be made leads to the other kinds: %s', (message) => {
  const failure = failureOf(message, false);
  const told = inTheseFlags(failure, { name: 'keychain', kind: 'keychain', role: 'operator' });
  expect(told).toMatchObject({ code: failure.code, message: failure.message, cause: failure });
  const { hint } = told as Failure;
  expect(hint).not.toContain('--unlock');
  expect(hint).toContain('{keywright} slots add --kind passphrase');
  expect(hint).toContain('{keywright} slots add --kind key-file --path FILE');
});

test('a failure that is not about this slot stays as it is', () => {
  const other = new Failure('busy', 'another process holds the store', { hint: 'try again' });
  expect(inTheseFlags(other, { name: 'keychain', kind: 'keychain', role: 'operator' })).toBe(other);
  const path = '/etc/verify.key';
  expect(inTheseFlags(other, { name: 'spare', kind: 'key-file', role: 'operator', keyFile: path })).toBe(
    other,
  );
});
