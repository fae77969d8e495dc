import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SlotKind, SlotRole } from '../../src/domain/ports/secrets.ts';
import { keyFileHeader, parseKeyFileHeader } from '../../src/secrets/slots/key-file/slot.ts';
import { keychainHeader, parseKeychainHeader } from '../../src/secrets/slots/keychain/slot.ts';
import { parsePassphraseHeader, passphraseHeader } from '../../src/secrets/slots/passphrase/header.ts';
import frozen from '../vectors/secrets-v1.json' with { type: 'json' };
import { makeSecrets, shellHelper, sources } from './fixture.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
const slots = frozen.slots.map((slot) => ({
  ...slot,
  kind: slot.kind as SlotKind,
  role: slot.role as SlotRole,
  wrapped: bytes(slot.wrapped),
}));
const store = {
  id: frozen.store,
  primarySlot: '',
  slots,
  peppers: frozen.peppers.map((pepper) => ({
    ...pepper,
    kind: 'pepper' as const,
    sealed: bytes(pepper.sealed),
  })),
};
const imported = {
  number: frozen.imported.number,
  kind: 'imported' as const,
  sealed: bytes(frozen.imported.sealed),
  createdAt: frozen.imported.createdAt,
};
const withImported = { ...store, peppers: [...store.peppers, imported] };

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywright-frozen-'));
  for (const [role, text] of Object.entries(frozen.keyFiles))
    writeFileSync(join(folder, role), text, { mode: 0o600 });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const answers = Object.entries(frozen.keychainEntries).map(
  ([account, value]) => `*${account}*) echo '{"value":"${value}"}';;`,
);
const secrets = makeSecrets({ keychain: shellHelper(`case "$request" in ${answers.join(' ')} esac`) });

test.each(slots)('$kind slot of version 1 for the $role', async (slot) => {
  const from = sources({ slot: slot.id, keyFile: join(folder, slot.role), passphrase: frozen.passphrase });
  const verifying = await secrets.unlockVerifier(store, from);
  for (const [index, hash] of frozen.hash.byPepper.entries()) {
    expect(verifying.hasher.hash(index + 1, frozen.hash.workspace, frozen.hash.token)).toEqual(bytes(hash));
  }
  const { hasher } = await secrets.unlockVerifier(withImported, from);
  expect(hasher.current).toBe(2);
  expect(hasher.imported(3, frozen.foreign.token)).toEqual(bytes(frozen.foreign.imported));
  for (const [index, digest] of frozen.foreign.findByPepper.entries()) {
    expect(hasher.find(index + 1, frozen.foreign.token)).toEqual(bytes(digest));
  }
  if (slot.role === 'verifier') return;
  const access = await secrets.unlockOperator(store, from);
  const { plaintext, ...record } = frozen.sealed;
  expect(access.open({ ...record, sealed: bytes(record.sealed) }).reveal()).toBe(plaintext);
  expect(access.audit.seal(frozen.audit.seq, bytes(frozen.audit.hash))).toEqual(bytes(frozen.audit.seal));
  expect(access.audit.anchorMac(bytes(frozen.audit.anchorBody))).toEqual(bytes(frozen.audit.anchorMac));
});

test('the digests of a token from elsewhere are what anybody can compute from their keys', () => {
  const hmac = (key: string, text: string) => createHmac('sha256', bytes(key)).update(text).digest('base64');
  const { token, findByPepper, peppers } = frozen.foreign;
  expect(hmac(frozen.imported.key, token)).toBe(frozen.foreign.imported);
  expect(peppers.map((pepper) => hmac(pepper, `keywright/find/v1\0${token}`))).toEqual(findByPepper);
});

test.each(slots)('$kind header of version 1 for the $role is still written like this', (slot) => {
  const written = {
    keychain: () => keychainHeader(slot.role, parseKeychainHeader(slot)),
    passphrase: () => passphraseHeader(slot.role, parsePassphraseHeader(slot)),
    'key-file': () => keyFileHeader(slot.role, parseKeyFileHeader(slot)),
  };
  expect(written[slot.kind]()).toBe(slot.header);
});
