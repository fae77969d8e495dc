import { expect, test } from 'vitest';
import type { SlotRecord } from '../../src/domain/ports/secrets.ts';
import { KeychainFailure } from '../../src/secrets/slots/keychain/trouble.ts';
import { withWaysOut } from '../../src/secrets/ways-out.ts';

const store = (name: string) => {
  const slot = { id: 'slot_1', name, kind: 'passphrase', role: 'operator' } as SlotRecord;
  return { id: 'store_1', primarySlot: 'slot_0', slots: [slot], peppers: [] };
};

test.each([
  ['recovery', '{keywright} … --slot recovery --passphrase-file FILE'],
  ['-rf', '{keywright} … --slot=-rf --passphrase-file FILE'],
  ['$(true)', "{keywright} … --slot '$(true)' --passphrase-file FILE"],
])('with the keychain gone the slot %s is named with where its passphrase comes from', (name, line) => {
  const error = withWaysOut(new KeychainFailure('unavailable', 'gone'), store(name));
  expect(error).toMatchObject({ hint: expect.stringContaining(`or use the passphrase: ${line}`) });
});
