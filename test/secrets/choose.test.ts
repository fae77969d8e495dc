import { describe, expect, test } from 'vitest';
import type { SlotKind, SlotRecord, SlotRole } from '../../src/domain/ports/secrets.ts';
import { chooseSlots, quietVerifierSlots } from '../../src/secrets/choose.ts';
import { failureOf } from './fixture.ts';

function slot(name: string, kind: SlotKind, role: SlotRole, createdAt: number): SlotRecord {
  return { id: `slot_${name}`, name, kind, role, header: '', wrapped: new Uint8Array(), createdAt };
}

const slots = [
  slot('laptop', 'keychain', 'operator', 1),
  slot('recovery', 'passphrase', 'operator', 2),
  slot('second', 'passphrase', 'operator', 3),
  slot('server', 'key-file', 'verifier', 4),
  slot('ci', 'key-file', 'operator', 5),
  slot('app', 'keychain', 'verifier', 6),
];
const store = { id: 'store_1', primarySlot: 'slot_laptop', slots, peppers: [] };
const none = { passphraseGiven: false };

describe('which slots are tried, in which order', () => {
  test.each([
    ['nothing said: the primary', none, 'operator', 'laptop'],
    ['by name', { ...none, slot: 'recovery' }, 'operator', 'recovery'],
    ['by id', { ...none, slot: 'slot_ci' }, 'operator', 'ci'],
    ['by kind', { ...none, slot: 'passphrase' }, 'operator', 'recovery second'],
    ['by kind, without verifiers', { ...none, slot: 'key-file' }, 'operator', 'ci'],
    ['by kind, to verify', { ...none, slot: 'key-file' }, 'verifier', 'server ci'],
    [
      'a slot outweighs a key file and a passphrase',
      { slot: 'laptop', keyFile: '/k', passphraseGiven: true },
      'operator',
      'laptop',
    ],
    ['a key file outweighs a passphrase', { keyFile: '/k', passphraseGiven: true }, 'operator', 'ci'],
    ['a key file, to verify', { ...none, keyFile: '/k' }, 'verifier', 'server ci'],
    ['a passphrase', { passphraseGiven: true }, 'operator', 'recovery second'],
    ['nothing said, to verify', none, 'verifier', 'laptop'],
    ['a verifier by name, to verify', { ...none, slot: 'app' }, 'verifier', 'app'],
  ] as const)('%s', (_, said, need, expected) => {
    expect(
      chooseSlots(store, said, need)
        .map(({ name }) => name)
        .join(' '),
    ).toBe(expected);
  });

  test('the primary comes first among its kind', () => {
    const said = { passphraseGiven: true };
    const chosen = chooseSlots({ ...store, primarySlot: 'slot_second' }, said, 'operator');
    expect(chosen.map(({ name }) => name)).toEqual(['second', 'recovery']);
  });

  test('quiet verifier slots: key files, then the keychain; no operator, no passphrase', () => {
    const asking = slot('asks', 'passphrase', 'verifier', 7);
    const quiet = quietVerifierSlots({ ...store, slots: [...slots.toReversed(), asking] });
    expect(quiet.map(({ name }) => name)).toEqual(['server', 'app']);
  });
});

describe('what cannot be chosen', () => {
  test('an unknown name lists those that are there', async () => {
    const failure = await failureOf(() => chooseSlots(store, { ...none, slot: 'lost' }, 'operator'));
    expect(failure.code).toBe('not_found');
    for (const { name } of slots) expect(failure.message).toContain(name);
  });

  test('a verifier slot does not do for an operator', async () => {
    const failure = await failureOf(() => chooseSlots(store, { ...none, slot: 'server' }, 'operator'));
    expect(failure.code).toBe('locked');
  });

  test.each([
    ['a key file', { keyFile: '/k', passphraseGiven: false }, 'key_file_unusable'],
    ['a passphrase', { passphraseGiven: true }, 'passphrase_wrong'],
  ] as const)(
    '%s for a store without such a slot is no reason to try another kind',
    async (_, said, code) => {
      const keychainOnly = { ...store, slots: slots.slice(0, 1) };
      expect((await failureOf(() => chooseSlots(keychainOnly, said, 'operator'))).code).toBe(code);
    },
  );

  test('a primary slot that is gone', async () => {
    const failure = await failureOf(() =>
      chooseSlots({ ...store, primarySlot: 'slot_gone' }, none, 'operator'),
    );
    expect(failure.code).toBe('slot_damaged');
  });
});
