import { describe, expect, test } from 'vitest';
import { type Asked, judge, VERIFICATION_CODES } from '../../../src/domain/keys/judge.ts';
import type { VerificationRow } from '../../../src/domain/keys/key.ts';

const NOW = 1_000_000;

const ROW: VerificationRow = {
  kid: '0123456789Ab',
  workspaceId: 'ws_1',
  brand: 'kw',
  mode: 'live',
  owner: 'ana',
  scopes: 'orders:read users:*',
  networks: '203.0.113.0/24 2001:db8::/32',
  integrationId: null,
  version: 1,
  pepper: 1,
  hash: new Uint8Array(32),
  expiresAt: NOW + 1,
  olderUntil: null,
  disabledAt: null,
  revokedAt: null,
  versionUsedAt: null,
  generation: 1,
};

const ASKED: Asked = { workspaceId: 'ws_1', mode: 'live', ip: '203.0.113.7', scopes: ['orders:read'] };

interface Case {
  readonly row: VerificationRow;
  readonly paused: boolean;
  readonly asked: Asked;
}

const SOUND: Case = { row: ROW, paused: false, asked: ASKED };

/** What can be wrong, in the order in which it is asked; DESIGN section 5. */
const PROBLEMS: readonly (readonly [string, (sound: Case) => Case])[] = [
  ['revoked', ({ row, ...rest }) => ({ ...rest, row: { ...row, revokedAt: 1 } })],
  ['disabled', ({ row, ...rest }) => ({ ...rest, row: { ...row, disabledAt: 1 } })],
  ['disabled', (sound) => ({ ...sound, paused: true })],
  ['expired', ({ row, ...rest }) => ({ ...rest, row: { ...row, expiresAt: NOW } })],
  ['workspace', ({ asked, ...rest }) => ({ ...rest, asked: { ...asked, workspaceId: 'ws_2' } })],
  ['mode', ({ asked, ...rest }) => ({ ...rest, asked: { ...asked, mode: 'test' } })],
  ['network', ({ asked, ...rest }) => ({ ...rest, asked: { ...asked, ip: '198.51.100.1' } })],
  ['scope', ({ asked, ...rest }) => ({ ...rest, asked: { ...asked, scopes: ['orders:write'] } })],
];

const verdict = ({ row, paused, asked }: Case, now = NOW): string => judge(row, paused, asked, now);

test('a sound key verifies', () => {
  expect(verdict(SOUND)).toBe('ok');
});

const pairs = PROBLEMS.flatMap((first, i) => PROBLEMS.slice(i + 1).map((second) => [first, second] as const));

test.each(pairs)('%j before %j', ([earlier, first], [, second]) => {
  expect(verdict(first(second(SOUND)))).toBe(earlier);
  expect(verdict(second(first(SOUND)))).toBe(earlier);
});

test('of any set of problems the first is named', () => {
  for (let set = 1; set < 2 ** PROBLEMS.length; set++) {
    const chosen = PROBLEMS.filter((_, i) => (set >> i) & 1);
    const broken = chosen.reduceRight((sound, [, breakIt]) => breakIt(sound), SOUND);
    expect(verdict(broken)).toBe(chosen[0]?.[0]);
  }
});

test('every verdict is one of the documented codes', () => {
  for (const [code, breakIt] of PROBLEMS) {
    expect(Object.keys(VERIFICATION_CODES)).toContain(code);
    expect(verdict(breakIt(SOUND))).toBe(code);
  }
});

describe('time', () => {
  test.each([
    [NOW - 1, 'expired'],
    [NOW, 'expired'],
    [NOW + 1, 'ok'],
    [null, 'ok'],
    [0, 'expired'],
    [Number.NaN, 'expired'],
    [8.64e15, 'ok'],
    [8.64e15 + 1, 'expired'],
    [Number.MAX_SAFE_INTEGER, 'expired'],
    [Number.POSITIVE_INFINITY, 'expired'],
    ['tomorrow', 'expired'],
    [undefined, 'expired'],
    [{}, 'expired'],
  ])('expiry %s: %s', (expiresAt, expected) => {
    expect(verdict({ ...SOUND, row: { ...ROW, expiresAt: expiresAt as number | null } })).toBe(expected);
  });

  test.each(['revokedAt', 'disabledAt'] as const)(
    '%s is a state: it holds before its own time, and at 0',
    (field) => {
      for (const at of [0, NOW + 1, Number.NaN]) {
        expect(verdict({ ...SOUND, row: { ...ROW, [field]: at } }, 0)).toBe(
          field === 'revokedAt' ? 'revoked' : 'disabled',
        );
      }
    },
  );
});

describe('what is not asked', () => {
  test('is not checked, but for networks', () => {
    const { ip: _, ...rest } = ASKED;
    expect(judge(ROW, false, { ip: '203.0.113.7' }, NOW)).toBe('ok');
    expect(judge(ROW, false, rest, NOW)).toBe('network');
    expect(judge({ ...ROW, networks: '' }, false, {}, NOW)).toBe('ok');
    expect(judge({ ...ROW, networks: '', scopes: '' }, false, { scopes: [] }, NOW)).toBe('ok');
  });
});

describe('what can not be read denies', () => {
  test.each([
    ['networks', { networks: 'everywhere' }, 'network'],
    ['networks of one space', { networks: ' ' }, 'network'],
    ['networks with commas', { networks: '0.0.0.0/0,::/0' }, 'network'],
    ['scopes', { scopes: 'orders:read,users:read' }, 'scope'],
    ['scopes in capitals', { scopes: 'ORDERS:READ' }, 'scope'],
    ['no scopes', { scopes: '' }, 'scope'],
    ['a scope of Object', { scopes: '__proto__ constructor toString' }, 'scope'],
  ])('%s', (_, change, expected) => {
    expect(judge({ ...ROW, ...change }, false, ASKED, NOW)).toBe(expected);
  });

  test.each(['', 'orders', 'constructor', '__proto__', '*'])('an asked scope of %j', (scope) => {
    expect(judge({ ...ROW, scopes: `*:* ${scope}` }, false, { ...ASKED, scopes: [scope] }, NOW)).toBe(
      'scope',
    );
  });
});
