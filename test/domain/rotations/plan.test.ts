import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../../src/domain/keys/key.ts';
import {
  cutOffFor,
  type Hands,
  nextStep,
  planRotation,
  type RotationRequest,
} from '../../../src/domain/rotations/plan.ts';
import type { RotationState } from '../../../src/domain/rotations/rotation.ts';
import { DEFAULT_POLICY } from '../../../src/domain/workspaces/policy.ts';
import { DAY, someKey, T0 } from '../../contracts/samples.ts';

const NOW = T0 + 10 * DAY;
const REQUEST: RotationRequest = { graceMs: DAY, delivery: false, check: false };

function planned(
  key: Partial<ApiKey>,
  request: Partial<RotationRequest> = {},
  longestLife: number | null = null,
) {
  const result = planRotation(
    someKey('ws_1', { issuedAt: T0, ...key }),
    0,
    { ...REQUEST, ...request },
    { ...DEFAULT_POLICY, longestLife },
    NOW,
  );
  return 'plan' in result ? result.plan : result.refusal;
}

describe('the successor', () => {
  test.each([
    ['the same lifetime again', { expiresAt: T0 + 90 * DAY }, {}, null, NOW + 90 * DAY, false],
    ['no end where there was none', { expiresAt: null }, {}, null, null, false],
    [
      'what policy allows where that is less',
      { expiresAt: T0 + 90 * DAY },
      {},
      30 * DAY,
      NOW + 30 * DAY,
      true,
    ],
    ['what policy allows instead of no end', { expiresAt: null }, {}, 30 * DAY, NOW + 30 * DAY, true],
    [
      'the lifetime where policy allows just that',
      { expiresAt: T0 + 30 * DAY },
      {},
      30 * DAY,
      NOW + 30 * DAY,
      false,
    ],
    ['what is asked for', { expiresAt: T0 + 90 * DAY }, { expiresAt: NOW + DAY }, null, NOW + DAY, false],
    ['no end when that is asked for', { expiresAt: T0 + 90 * DAY }, { expiresAt: null }, null, null, false],
    [
      'what is left, when the clock went back behind the issue',
      { issuedAt: NOW + 5 * DAY, expiresAt: NOW + 2 * DAY },
      {},
      null,
      NOW + 2 * DAY,
      false,
    ],
  ])('gets %s', (_, key, request, longest, expiresAt, capped) => {
    expect(planned(key, request, longest)).toMatchObject({ expiresAt, capped });
  });

  test('has a number that no version ever had', () => {
    const key = someKey('ws_1', { version: 3, issuedAt: T0 });
    const plan = (highest: number) => planRotation(key, highest, REQUEST, DEFAULT_POLICY, NOW);
    expect(plan(0)).toMatchObject({ plan: { version: 4 } });
    expect(plan(7)).toMatchObject({ plan: { version: 8 } });
  });
});

describe('the old version', () => {
  test('lives for the grace, and never beyond its own expiry', () => {
    expect(planned({ expiresAt: null })).toMatchObject({ cutOff: NOW + DAY, endsOlder: false });
    expect(planned({ expiresAt: NOW + 5 })).toMatchObject({ cutOff: NOW + 5 });
    expect(planned({ expiresAt: null }, { graceMs: 0 })).toMatchObject({ cutOff: NOW, endsOlder: true });
  });

  test('has no cut-off while its successor is being delivered, whatever the grace', () => {
    for (const graceMs of [0, DAY])
      expect(planned({ expiresAt: NOW + 5 }, { delivery: true, graceMs })).toMatchObject({
        cutOff: null,
        endsOlder: false,
      });
  });

  test('is never cut off after its expiry (invariant 3)', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.option(fc.nat()), (grace, now, expiry) => {
        const end = cutOffFor(expiry, grace, now);
        expect(end).toBeLessThanOrEqual(expiry ?? Number.POSITIVE_INFINITY);
        expect(end).toBeLessThanOrEqual(now + grace);
      }),
    );
  });
});

test.each([
  ['is revoked', { revokedAt: T0 }],
  ['is revoked', { revokedAt: T0, expiresAt: T0 }],
  ['has expired', { expiresAt: NOW }],
  ['has expired', { expiresAt: Number.NaN }],
])('a key that %s is not rotated (invariant 5)', (what, key) => {
  expect(planned(key)).toMatchObject({
    code: 'wrong_state',
    message: expect.stringContaining(`${what} and can't be rotated`),
    hint: '{keywright} keys create makes a new one',
  });
});

test('a disabled key is rotated and stays so', () => {
  expect(planned({ disabledAt: T0 })).toMatchObject({ version: 2 });
});

describe('the next step of an open delivery', () => {
  const OPEN = { kid: 'k00000000000', fromVersion: 1, toVersion: 2 };
  const hands = (deliver: boolean, check: Hands['check']): Hands => ({ deliver, check });
  const next = (state: RotationState, check: boolean, with_: Hands) => {
    const result = nextStep({ ...OPEN, state, check }, with_);
    return 'step' in result ? result.step : result.refusal.code;
  };

  test.each([
    ['issued', false, hands(true, 'none'), 'deliver'],
    ['issued', true, hands(true, 'given'), 'deliver'],
    ['issued', false, hands(false, 'none'), 'usage'],
    ['issued', false, hands(false, 'given'), 'usage'],
    ['issued', true, hands(true, 'none'), 'usage'],
    ['issued', true, hands(true, 'waived'), 'deliver'],
    ['delivered', false, hands(false, 'none'), 'finish'],
    ['delivered', false, hands(true, 'none'), 'finish'],
    ['delivered', true, hands(false, 'given'), 'check'],
    ['delivered', true, hands(true, 'given'), 'deliver'],
    ['delivered', true, hands(true, 'none'), 'usage'],
    ['delivered', true, hands(false, 'none'), 'usage'],
    ['delivered', true, hands(false, 'waived'), 'finish'],
    ['checked', true, hands(false, 'none'), 'finish'],
    ['checked', true, hands(true, 'given'), 'finish'],
    ['finished', false, hands(true, 'given'), 'wrong_state'],
    ['rolled-back', false, hands(true, 'given'), 'wrong_state'],
  ] as const)('%s, started with a check: %s, with %o → %s', (state, check, with_, step) => {
    expect(next(state, check, with_)).toBe(step);
  });

  test('that needs a command says which key to take back without one', () => {
    const rotation = { ...OPEN, state: 'issued', check: false } as const;
    expect(nextStep(rotation, hands(false, 'none'))).toMatchObject({
      refusal: { hint: expect.stringContaining('{keywright} rotations rollback key_k00000000000') },
    });
  });
});
