import { randomBytes } from 'node:crypto';
import { hash } from 'argon2';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../../src/domain/secret.ts';
import { passphraseMeans } from '../../../../src/secrets/slots/passphrase/slot.ts';
import { failureOf, lockedStore, makeSecrets, mark, STORE, sources } from '../../fixture.ts';

test('argon2id as RFC 9106 section 5.3 has it', async () => {
  const tag = await hash(Buffer.alloc(32, 1), {
    type: 2,
    version: 0x13,
    memoryCost: 32,
    timeCost: 3,
    parallelism: 4,
    salt: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    hashLength: 32,
    raw: true,
  });
  expect(tag.toString('hex')).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659');
});

async function storeWith(passphrase: string) {
  const secrets = makeSecrets();
  const { access, pepper } = secrets.create(STORE, 1);
  const slot = await access.addSlot({
    name: 'p',
    kind: 'passphrase',
    role: 'operator',
    passphrase: new Secret(passphrase),
  });
  return { secrets, access, slot, store: lockedStore([slot], [pepper]) };
}

describe('which passphrases open', () => {
  test('composed and decomposed input give one key; what was typed is not trimmed', async () => {
    const { secrets, access, store } = await storeWith('  Übergrößen-Café 🔑 ');
    const open = (passphrase: string) => secrets.unlockOperator(store, sources({ passphrase }));
    expect(mark(await open('  Übergrößen-Café 🔑 '.normalize('NFD')))).toBe(mark(access));
    for (const other of ['  Übergrößen-Café 🔑', 'Übergrößen-Café 🔑 ', '  übergrößen-Café 🔑 ']) {
      expect((await failureOf(() => open(other))).code).toBe('passphrase_wrong');
    }
  });

  test('a thousand characters', async () => {
    const { secrets, access, store } = await storeWith('x'.repeat(1000));
    expect(mark(await secrets.unlockOperator(store, sources({ passphrase: 'x'.repeat(1000) })))).toBe(
      mark(access),
    );
  });

  test('a wrong passphrase and a tampered slot say the same', async () => {
    const { secrets, slot, store } = await storeWith('correct horse battery');
    const wrapped = Uint8Array.from(slot.wrapped, (byte, index) => (index === 20 ? byte ^ 1 : byte));
    const wrong = await failureOf(() =>
      secrets.unlockOperator(store, sources({ passphrase: 'correct horse batterx' })),
    );
    const tampered = await failureOf(() =>
      secrets.unlockOperator(
        { ...store, slots: [{ ...slot, wrapped }] },
        sources({ passphrase: 'correct horse battery' }),
      ),
    );
    expect([tampered.code, tampered.message, tampered.hint]).toEqual([wrong.code, wrong.message, wrong.hint]);
    expect(wrong.code).toBe('passphrase_wrong');
  });
});

describe('which passphrases a new slot takes', () => {
  const make = (passphrase: string) =>
    passphraseMeans(randomBytes).make({
      name: 'p',
      kind: 'passphrase',
      role: 'operator',
      passphrase: new Secret(passphrase),
    });

  test.each([
    ['empty', ''],
    ['14 characters', '12345678901234'],
    ['15 code units but 14 characters', '1234567890123🔑'],
    ['15 code points but 14 after NFC', '1234567890123e\u0301'],
    ['NUL', 'a\0bcdefghijklmnopq'],
    ['half a character', 'a\ud800bcdefghijklmnopq'],
  ])('not: %s', async (_, passphrase) => {
    expect((await failureOf(() => make(passphrase))).code).toBe('bad_secret_input');
  });

  test('15 characters, spaces included', async () => {
    expect((await make(' 34567890123 5 ')).key).toHaveLength(32);
  });
});

test('a costly header is refused before any work', async () => {
  const { secrets, slot, store } = await storeWith('correct horse battery');
  const asked: string[] = [];
  const header = slot.header.replace('m=65536', 'm=4194304');
  const counting = {
    ...sources(),
    passphraseGiven: true,
    async passphrase(name: string) {
      asked.push(name);
      return new Secret('correct horse battery');
    },
  };
  const before = process.memoryUsage().rss;
  const failure = await failureOf(() =>
    secrets.unlockOperator({ ...store, slots: [{ ...slot, header }] }, counting),
  );
  expect(failure.code).toBe('slot_damaged');
  expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
  expect(asked).toEqual([]);
});
