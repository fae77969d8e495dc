import { expect, test } from 'vitest';
import { failureOf } from '../../../../src/secrets/slots/keychain/trouble.ts';

test.each([
  [
    'Platform failure: DBus error: Using X11 for dbus-daemon autolaunch was disabled at compile time',
    true,
    'absent',
    'keychain_unavailable',
  ],
  [
    'The name org.freedesktop.secrets was not provided by any .service files',
    true,
    'absent',
    'keychain_unavailable',
  ],
  [
    'Platform failure: DBus error: Failed to connect to socket /x: No such file or directory',
    true,
    'unavailable',
    'keychain_unavailable',
  ],
  [
    "Couldn't access platform storage: Secret Service: no result found",
    true,
    'unavailable',
    'keychain_unavailable',
  ],
  [
    "Couldn't access platform storage: Secret Service: unlock prompt was dismissed",
    true,
    'declined',
    'keychain_declined',
  ],
  [
    "Couldn't access platform storage: Secret Service: unlock prompt was dismissed",
    false,
    'locked',
    'keychain_locked',
  ],
  ['SS Error: object locked', true, 'locked', 'keychain_locked'],
  ['User interaction is not allowed.', false, 'locked', 'keychain_locked'],
  ['User canceled the operation.', false, 'declined', 'keychain_declined'],
  ['something nobody has seen yet', false, 'unavailable', 'keychain_unavailable'],
] as const)('%s (a display: %s) is %s', (message, canPrompt, trouble, code) => {
  const failure = failureOf(message, canPrompt);
  expect([failure.trouble, failure.code]).toEqual([trouble, code]);
  for (const way of ['unlock or start', '--unlock passphrase', '--unlock key-file'])
    expect(failure.hint).toContain(way);
});
