import { expect, test } from 'vitest';
import { checkChain } from '../../../src/domain/audit/check.ts';
import { KeyComparison } from '../../../src/domain/health/compare-keys.ts';
import { stateOf } from '../../../src/domain/keys/facts.ts';
import { noteLateUse } from '../../../src/domain/keys/late-use.ts';
import { someEntry } from '../../contracts/samples.ts';
import { fakeSealer, openDesk } from '../../support/fake-ledger.ts';
import { aKey } from '../../support/fake-verifier.ts';

async function rotated() {
  const desk = openDesk();
  const { key } = await aKey(desk);
  const next = {
    version: 2,
    verifier: { pepper: 1, hash: new Uint8Array(32) },
    issuedAt: 1,
    expiresAt: null,
  };
  await desk.store.write((tx) => tx.write.keys.addVersion(key.kid, 1, next, desk.clock.at + 1));
  return { desk, key };
}

test('is one entry, made without the audit key, that the log is sound with', async () => {
  const { desk, key } = await rotated();
  const before = (await desk.log()).length;
  await noteLateUse(desk.locked, key.kid, 1);
  await noteLateUse(desk.locked, key.kid, 1);
  const entries = (await desk.log()).slice(before);
  expect(entries).toMatchObject([{ action: 'key.late-use', locked: true, facts: { late_version: 1 } }]);
  expect((await checkChain(desk.store.audit, fakeSealer(), desk.anchor.mark)).bad).toBeNull();
});

test('is none of a version or a key that is not there', async () => {
  const { desk, key } = await rotated();
  const before = (await desk.log()).length;
  await noteLateUse(desk.locked, key.kid, 7);
  await noteLateUse(desk.locked, 'zzzzzzzzzzzz', 1);
  expect(await desk.log()).toHaveLength(before);
});

test('vouches for no state: an edited row is not what the log says because of it', async () => {
  const { desk, key } = await rotated();
  const row = await desk.store.keys.byKid(key.kid);
  if (row === undefined) throw new Error('no key');
  const edited = { ...row, scopes: ['*:*'] };
  const comparison = new KeyComparison();
  comparison.entry(someEntry(1, { target: `key_${key.kid}`, facts: stateOf(row) }));
  comparison.entry(
    someEntry(2, { action: 'key.late-use', target: `key_${key.kid}`, facts: stateOf(edited) }),
  );
  expect(comparison.key(edited)).toMatchObject({ target: `key_${key.kid}` });
});
