import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Candidate, ImportDefaults } from '../../../src/domain/import/candidate.ts';
import { collectRows, MOST_ROWS } from '../../../src/domain/import/collect.ts';
import { type ForeignKinds, kindsToLookAt, proofMaker } from '../../../src/domain/import/proof.ts';
import type { BadRow, Row } from '../../../src/domain/import/row.ts';
import { vouched } from '../../../src/domain/keys/foreign.ts';
import { failureOf, fakeHasher } from '../../support/fake-ledger.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const TOKEN = 'legacy-canary-0123456789';
const OTHER = 'legacy-other-01234567890';
const hasher = fakeHasher({ 1: 'old', 3: 'new' }, { 2: 'hmac' });
const DEFAULTS: ImportDefaults = {
  scopes: ['a:b'],
  mode: 'live',
  networks: [],
  expiresAt: undefined,
  owner: undefined,
};
const digest = (kind: 'sha256' | 'sha512', token: string) => createHash(kind).update(token).digest();
const hmacKey = { number: 2, sealed: undefined, ofNothing: createHmac('sha256', 'hmac').digest() };

interface Setting {
  readonly defaults?: Partial<ImportDefaults>;
  readonly kinds?: ForeignKinds;
  readonly hmac?: typeof hmacKey;
}

function collect(rows: readonly (Row | BadRow)[], { defaults, kinds = [], hmac }: Setting = {}) {
  const means = { hasher, workspaceId: 'ws_1', kinds: kindsToLookAt(kinds, hasher), hmac };
  const rules = {
    now: NOW,
    actor: 'ana',
    defaults: { ...DEFAULTS, ...defaults },
    proofOf: proofMaker(means),
  };
  async function* arriving() {
    yield rows;
  }
  return collectRows(arriving(), rules, () => {});
}

const row = (values: Row['values'], line = 2): Row => ({ line, values });
const first = async (values: Row['values'], setting?: Setting) =>
  (await collect([row(values)], setting))[0] as Candidate;
const complaint = async (values: Row['values'], setting?: Setting) =>
  (await failureOf(() => collect([row(values)], setting))).message.replace(
    'nothing was imported: line 2',
    '',
  );

describe('what is stored of a secret', () => {
  test('a token: our digest under the newest pepper, and our hash of it', async () => {
    const kinds = [
      { kind: 'sha256', key: 0 },
      { kind: 'token', key: 1 },
      { kind: 'token', key: 3 },
    ] as const;
    const { found, aliases, verifier } = await first({ token: TOKEN }, { kinds });
    expect(found).toEqual({ kind: 'token', key: 3, digest: hasher.find(3, TOKEN) });
    expect(verifier).toEqual({ pepper: 3, hash: hasher.hash(3, 'ws_1', TOKEN) });
    // What it may be known under from before: an imported digest, and our own under an older pepper.
    expect(aliases).toEqual([
      { kind: 'sha256', key: 0, digest: digest('sha256', TOKEN) },
      { kind: 'token', key: 1, digest: hasher.find(1, TOKEN) },
    ]);
  });

  test('what was imported before and replaced is looked for under each pepper', async () => {
    const kinds = [
      { kind: 'sha256', key: 0 },
      { kind: 'spent', key: 1 },
      { kind: 'spent', key: 3 },
    ] as const;
    const hashed = await first({ sha256: digest('sha256', TOKEN).toString('hex') }, { kinds });
    expect(hashed.aliases.map(({ kind, key }) => `${kind} ${key}`)).toEqual(['spent 1', 'spent 3']);
    const raw = await first({ token: TOKEN }, { kinds });
    expect(raw.aliases.slice(1)).toEqual(hashed.aliases);
  });

  test.each(['sha256', 'sha512'] as const)('%s: the digest alone', async (kind) => {
    const bytes = digest(kind, TOKEN);
    for (const text of [bytes.toString('hex'), bytes.toString('base64url')]) {
      const { found, aliases, verifier } = await first({ [kind]: text });
      expect(Buffer.from(found.digest)).toEqual(bytes);
      expect([found.kind, found.key, aliases]).toEqual([kind, 0, []]);
      // What proves that it was imported, and not put there by somebody else.
      expect(verifier).toEqual({ pepper: 3, hash: hasher.hash(3, 'ws_1', vouched(found)) });
    }
  });

  test('hmac_sha256: the digest under the number of its key', async () => {
    const text = createHmac('sha256', 'hmac').update(TOKEN).digest('hex');
    const { found } = await first({ hmac_sha256: text }, { hmac: hmacKey });
    expect([found.kind, found.key]).toEqual(['hmac-sha256', 2]);
    expect(await complaint({ hmac_sha256: text })).toBe(
      ', hmac_sha256: needs its key: --hmac-key-from-file or --hmac-key-from-env',
    );
  });

  test('exactly one of them', async () => {
    const one = ': it must have exactly one of token, sha256, sha512, hmac_sha256';
    expect(await complaint({ name: 'x' })).toBe(one);
    expect(await complaint({ token: TOKEN, sha256: digest('sha256', TOKEN).toString('hex') })).toBe(one);
  });

  test('no digest of nothing, which would stand for every row without a token', async () => {
    const nothing = 'is the digest of no token at all';
    const of = { sha256: createHash('sha256').digest('hex'), sha512: createHash('sha512').digest('base64') };
    expect(await complaint({ sha256: of.sha256 })).toBe(`, sha256: ${nothing}`);
    expect(await complaint({ sha512: of.sha512 })).toBe(`, sha512: ${nothing}`);
    const hmac = hmacKey.ofNothing.toString('hex');
    expect(await complaint({ hmac_sha256: hmac }, { hmac: hmacKey })).toBe(`, hmac_sha256: ${nothing}`);
  });
});

describe('what a row says', () => {
  test('goes before what holds for all', async () => {
    const said = {
      ...{ token: TOKEN, name: 'billing', scopes: 'orders:read, orders:write orders:read' },
      ...{ expires: '2027-02-19', owner: 'ben', purpose: ' invoices ', mode: 'test' },
      networks: '203.0.113.0/24 2001:DB8::/32',
    };
    expect(await first(said)).toMatchObject({
      ...{ line: 2, name: 'billing', scopes: ['orders:read', 'orders:write'], mode: 'test' },
      ...{
        expiresAt: Date.parse('2027-02-20T00:00:00Z'),
        owner: 'ben',
        ownerSaid: true,
        purpose: 'invoices',
      },
      networks: ['203.0.113.0/24', '2001:db8::/32'],
    });
    const defaults = {
      ...DEFAULTS,
      expiresAt: null,
      owner: 'ben',
      mode: 'test',
      networks: ['10.0.0.0/8'],
    } as const;
    expect(await first({ token: TOKEN }, { defaults })).toMatchObject({
      ...{ name: undefined, purpose: null, scopes: ['a:b'], expiresAt: null, owner: 'ben', ownerSaid: true },
      ...{ mode: 'test', networks: ['10.0.0.0/8'] },
    });
    expect(await first({ token: TOKEN })).toMatchObject({
      owner: 'ana',
      ownerSaid: false,
      expiresAt: undefined,
    });
  });

  test('never expires only when it says so', async () => {
    expect((await first({ token: TOKEN, expires: 'never' })).expiresAt).toBeNull();
    for (const expires of ['-1', '0', '1e309', '2026-02-30', '10m ago', 'Never'])
      expect(await complaint({ token: TOKEN, expires })).toMatch(/^, expires: must be/);
    expect(await complaint({ token: TOKEN, expires: '2026-11-20' })).toBe(', expires: lies in the past');
  });

  test.each([
    [{ scopes: 'orders' }, /^, scopes: must be resource:action/],
    [{ scopes: ['orders:read', 'a:b c:d'] }, /^, scopes: must be resource:action/],
    [{ scopes: [] }, /^, scopes: is empty/],
    [{ scopes: ' ' }, /^, scopes: is empty/],
    [{ networks: '300.1.1.1' }, /^, networks: is not an IPv4 or IPv6 network/],
    [{ name: 'two\nlines' }, /^, name: holds a control character/],
    [{ name: 'key_0123456789Ab' }, /^, name: is shaped like an id or a key/],
    [{ owner: ' ' }, /^, owner: is empty/],
    [{ purpose: 'x\u0007' }, /^, purpose: holds a control character/],
    [{ mode: 'constructor' }, /^, mode: is live or test/],
  ])('%j', async (values, message) => {
    expect(await complaint({ token: TOKEN, ...values })).toMatch(message);
  });

  test('a key that may do nothing is not made', async () => {
    expect(await complaint({ token: TOKEN }, { defaults: { scopes: [] } })).toBe(
      ', scopes: is missing: a key without scopes may do nothing',
    );
  });

  test('the same wrong list is told of in each row that has it', async () => {
    const rows = [row({ token: TOKEN, scopes: 'x' }, 2), row({ token: OTHER, scopes: 'x' }, 3)];
    const { message } = await failureOf(() => collect(rows));
    expect(message).toMatch(/line 2, scopes: .*; line 3, scopes: /);
  });
});

describe('all rows together', () => {
  test('a token whose digest came before is refused, and the other way round where digests of that kind are known', async () => {
    const [raw, hashed] = [{ token: TOKEN }, { sha256: digest('sha256', TOKEN).toString('hex') }];
    const kinds = [{ kind: 'sha256', key: 0 }] as const;
    const reason = 'nothing was imported: line 3: its token is that of line 2';
    expect((await failureOf(() => collect([row(hashed), row(raw, 3)]))).message).toBe(reason);
    expect((await failureOf(() => collect([row(raw), row(hashed, 3)], { kinds }))).message).toBe(reason);
    expect(await collect([row(hashed), row({ token: OTHER }, 3)])).toHaveLength(2);
  });

  test('a name or a token twice names the line before', async () => {
    const hex = digest('sha256', TOKEN).toString('hex');
    const rows = [
      row({ token: TOKEN, name: 'x' }, 2),
      row({ token: TOKEN, name: 'y' }, 3),
      row({ token: OTHER, name: 'x' }, 4),
      row({ sha256: hex }, 5),
      row({ sha256: hex.toUpperCase() }, 6),
    ];
    const failure = await failureOf(() => collect(rows));
    expect([failure.code, failure.message]).toEqual([
      'usage',
      'nothing was imported: line 3: its token is that of line 2; line 4, name: is that of line 2; line 6: its token is that of line 5',
    ]);
  });

  test('ten bad rows are named, the others counted, and no secret is', async () => {
    const rows = Array.from({ length: 25 }, (_, i) => row({ token: `${TOKEN} ${i}` }, i + 1));
    const { message } = await failureOf(() => collect(rows));
    expect(message.match(/line \d+, token: /g)).toHaveLength(10);
    expect(message).toMatch(/line 10, token: .*; and 15 more$/);
    expect(message).not.toContain('canary');
  });

  test('none, and more than fit in one import', async () => {
    expect((await failureOf(() => collect([]))).message).toBe('there is no row to import');
    const many = Array.from({ length: MOST_ROWS + 1 }, (_, i) => row({ token: TOKEN }, i));
    const failure = await failureOf(() => collect(many));
    expect([failure.message, failure.hint]).toEqual(['more than 250,000 rows at once', 'split the file']);
  });
});
