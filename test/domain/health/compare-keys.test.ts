import { describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../src/domain/audit/entry.ts';
import { KeyComparison } from '../../../src/domain/health/compare-keys.ts';
import { keyEntry } from '../../../src/domain/keys/facts.ts';
import type { ApiKey } from '../../../src/domain/keys/key.ts';
import { someEntry, someKey } from '../../contracts/samples.ts';

const KEY = someKey('ws_1', {
  scopes: ['orders:read', 'users:*'],
  networks: ['10.0.0.0/8'],
  expiresAt: 9000,
});

const entryOf = (key: ApiKey, action = 'key.create'): AuditEntry => someEntry(1, keyEntry(action, key));

function compared(entries: readonly AuditEntry[], keys: readonly ApiKey[]) {
  const comparison = new KeyComparison();
  for (const entry of entries) comparison.entry(entry);
  return [...keys.map((key) => comparison.key(key)), ...comparison.missing()];
}

test('a key that is as its newest entry says is no difference', () => {
  const later = { ...KEY, disabledAt: 5, expiresAt: null };
  expect(compared([entryOf(KEY)], [KEY])).toEqual([undefined]);
  expect(compared([entryOf(KEY), entryOf(later, 'key.update')], [later])).toEqual([undefined]);
});

describe('what was edited in the database is seen', () => {
  test.each<readonly [string, Partial<ApiKey>]>([
    ['wider scopes', { scopes: ['*:*'] }],
    ['one more scope', { scopes: [...KEY.scopes, 'billing:write'] }],
    ['no networks', { networks: [] }],
    ['a later end', { expiresAt: 9001 }],
    ['no end', { expiresAt: null }],
    ['another version', { version: 2 }],
    ['the other mode', { mode: 'test' }],
    ['another brand', { brand: 'acme' }],
    ['another integration', { integrationId: 'int_1' }],
    ['an older version that is to verify', { olderUntil: 9000 }],
  ])('%s', (_, change) => {
    const [difference] = compared([entryOf(KEY)], [{ ...KEY, ...change }]);
    expect(difference).toMatchObject({
      target: `key_${KEY.kid}`,
      reason: expect.stringContaining('the log says'),
    });
  });

  test.each<readonly [string, Partial<ApiKey>]>([
    ['a revocation', { revokedAt: 5 }],
    ['a pause', { disabledAt: 5 }],
  ])('%s that was undone, or made behind the back', (_, change) => {
    const stopped = { ...KEY, ...change };
    expect(compared([entryOf(KEY), entryOf(stopped, 'key.revoke')], [KEY])[0]).toBeDefined();
    expect(compared([entryOf(KEY)], [stopped])[0]).toBeDefined();
  });
});

test('a key that no entry tells of, and one that is gone', () => {
  const other = someKey('ws_1');
  expect(compared([entryOf(KEY)], [other])).toEqual([
    { target: `key_${other.kid}`, reason: 'no audit entry tells of it' },
    { target: `key_${KEY.kid}`, reason: 'the log tells of it, and the store does not have it' },
  ]);
});

test('what the log says of other things is left aside', () => {
  expect(compared([someEntry(1, { action: 'slot.add', target: 'slot_1' })], [])).toEqual([]);
});

test('last use and showing may differ: nobody logs them', () => {
  expect(compared([entryOf(KEY)], [{ ...KEY, lastUsedAt: 1, shownAt: 1 }])).toEqual([undefined]);
});

describe('who answers for a key, and what it is called', () => {
  const created = (key: ApiKey) => someEntry(1, keyEntry('key.create', key, { owner: key.owner }));

  test.each<readonly [Partial<ApiKey>, string]>([
    [{ name: 'b' }, `the log says name "${KEY.name}", the store "b"`],
    [{ owner: 'ben' }, `the log says owner "${KEY.owner}", the store "ben"`],
  ])('edited to %j is seen', (change, reason) => {
    expect(compared([created(KEY)], [{ ...KEY, ...change }])).toMatchObject([{ reason }]);
    const later = entryOf({ ...KEY, disabledAt: 5 }, 'key.disable');
    expect(compared([created(KEY), later], [{ ...KEY, ...change, disabledAt: 5 }])).toMatchObject([
      { reason },
    ]);
  });

  test('is what the newest entry says that tells of it', () => {
    const now = { ...KEY, name: 'b', owner: 'ben', purpose: 'x' };
    const update = someEntry(
      2,
      keyEntry('key.update', now, { owner: 'ben', old_owner: 'ana', purpose: 'x' }),
    );
    expect(compared([created(KEY), update], [now])).toEqual([undefined]);
    expect(compared([created(KEY), update], [{ ...now, purpose: null }])[0]).toBeDefined();
    expect(compared([entryOf(KEY)], [{ ...KEY, owner: 'ben' }]), 'nothing tells of it').toEqual([undefined]);
  });
});

test('an entry of a store that had no integrations and older versions says that there are none', () => {
  const { integration_id: _, older_until: __, ...facts } = keyEntry('key.create', KEY).facts;
  const entry = someEntry(1, { ...keyEntry('key.create', KEY), facts });
  expect(compared([entry], [KEY])).toEqual([undefined]);
  expect(compared([entry], [{ ...KEY, olderUntil: 9000 }])[0]).toBeDefined();
  expect(compared([entry], [{ ...KEY, integrationId: 'int_1' }])[0]).toBeDefined();
});

test('what a rotation did to a key counts as its newest state', () => {
  const rotated = { ...KEY, version: 2, olderUntil: 0 };
  expect(compared([entryOf(KEY), entryOf(rotated, 'rotation.finish')], [rotated])).toEqual([undefined]);
  expect(compared([entryOf(KEY), entryOf(rotated, 'rotation.finish')], [KEY])[0]).toBeDefined();
});
