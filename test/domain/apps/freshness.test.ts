import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Grant } from '../../../src/domain/apps/app.ts';
import { DEFAULT_MIN_VALID, neededLife, nextStep } from '../../../src/domain/apps/freshness.ts';
import { HOUR, MINUTE } from '../../support/token-desk.ts';

const NOW = 1_800_000_000_000;
const GRANT: Grant = {
  ...{ id: 'grant_1', appId: 'app_1', workspaceId: 'ws_1', account: '@ana', kind: 'user', stamp: '- x' },
  ...{ redirectUri: null, asked: [], granted: [], authorizedAt: NOW - 50 * MINUTE, authorizedBy: 'ana' },
  ...{ tokenVersion: 3, tokenExpiresAt: NOW + 10 * MINUTE, refreshable: true, refreshedAt: null },
  ...{ needsReason: null, revokedAt: null, revocationPending: false },
};
const step = (change: Partial<Grant>, need: Partial<Parameters<typeof nextStep>[2]> = {}) =>
  nextStep({ ...GRANT, ...change }, NOW, { minValidMs: undefined, ...need });

describe('what to do with a grant', () => {
  test.each([
    ['lasts', {}, {}, 'use'],
    ['lasts exactly as long as it must', { tokenExpiresAt: NOW + DEFAULT_MIN_VALID }, {}, 'use'],
    ['ends a moment too soon', { tokenExpiresAt: NOW + DEFAULT_MIN_VALID - 1 }, {}, 'renew'],
    ['ends too soon for what is asked', {}, { minValidMs: 11 * MINUTE }, 'renew'],
    ['has ended', { tokenExpiresAt: NOW }, {}, 'renew'],
    ['does not say when it ends', { tokenExpiresAt: null }, {}, 'use'],
    ['may end too soon for what is asked', { tokenExpiresAt: null }, { minValidMs: HOUR }, 'renew'],
    ['need not last at all', { tokenExpiresAt: null }, { minValidMs: 0 }, 'use'],
    ['says it again no better', { tokenExpiresAt: null }, { minValidMs: HOUR, newerThan: 2 }, 'use'],
    ['is as unknown and all there is', { tokenExpiresAt: null }, { minValidMs: HOUR, anyLeft: true }, 'use'],
    [
      'may end too soon and cannot be renewed',
      { tokenExpiresAt: null, refreshable: false },
      { minValidMs: HOUR },
      'use',
    ],
    ['cannot be renewed, with time left', { tokenExpiresAt: NOW + 1, refreshable: false }, {}, 'use'],
    ['came while it was waited for', { tokenExpiresAt: NOW + 1 }, { newerThan: 2 }, 'use'],
    ['was there before', { tokenExpiresAt: NOW + 1 }, { newerThan: 3 }, 'renew'],
    ['came, and ended already', { tokenExpiresAt: NOW }, { newerThan: 2 }, 'use'],
    ['is all there is', { tokenExpiresAt: NOW + 1 }, { anyLeft: true }, 'use'],
    [
      'is of the client itself',
      { tokenExpiresAt: NOW, refreshable: false, kind: 'client-credentials' },
      {},
      'renew',
    ],
  ] as const)('a token that %s: %j %j', (_, change, need, expected) => {
    expect(step(change, need)).toEqual({ step: expected });
  });

  test.each([
    ['it was revoked', { revokedAt: NOW - 1, needsReason: 'old' }, {}],
    ['the provider refuses', { needsReason: 'the provider refuses' }, {}],
    [
      'its token has expired, and the provider gave none to renew it with',
      { tokenExpiresAt: NOW, refreshable: false },
      {},
    ],
    [
      'its token ends too soon, and the provider gave none to renew it with',
      { refreshable: false },
      { minValidMs: 20 * MINUTE },
    ],
  ] as const)('none: %s', (blocked, change, need) => {
    expect(step(change, need)).toEqual({ blocked });
  });

  test('a new token always meets what is needed of it (property)', () => {
    fc.assert(
      fc.property(fc.nat(10 * HOUR), fc.nat(10 * HOUR), (wish, life) => {
        expect(neededLife(wish, life)).toBeLessThanOrEqual(life);
        expect(neededLife(wish, life)).toBeLessThanOrEqual(wish);
      }),
    );
    expect(neededLife(5 * MINUTE, HOUR)).toBe(5 * MINUTE);
    expect(neededLife(5 * MINUTE, MINUTE)).toBe(MINUTE / 2);
  });
});
