import { expect, test } from 'vitest';
import { keyEntry, stateOf } from '../../../src/domain/keys/facts.ts';
import { someKey } from '../../contracts/samples.ts';

const KEY = someKey('ws_1', { name: 'billing', networks: ['10.0.0.0/8'], expiresAt: 9000, disabledAt: 5 });

test('the state of a key is what decides whether and for what it verifies', () => {
  expect(stateOf(KEY)).toEqual({
    mode: 'live',
    brand: 'kw',
    version: 1,
    scopes: ['orders:read'],
    networks: ['10.0.0.0/8'],
    expires_at: 9000,
    disabled: true,
    revoked: false,
    integration_id: null,
    older_until: null,
  });
  expect(stateOf({ ...KEY, integrationId: 'int_1', olderUntil: 7 })).toMatchObject({
    integration_id: 'int_1',
    older_until: 7,
  });
  expect(stateOf({ ...KEY, disabledAt: null, revokedAt: 0 })).toMatchObject({
    disabled: false,
    revoked: true,
  });
});

test('an entry about a key carries its name, its state and more', () => {
  expect(keyEntry('key.revoke', KEY, { reason: 'leaked' })).toEqual({
    action: 'key.revoke',
    target: `key_${KEY.kid}`,
    workspaceId: 'ws_1',
    facts: { name: 'billing', ...stateOf(KEY), reason: 'leaked' },
  });
});
