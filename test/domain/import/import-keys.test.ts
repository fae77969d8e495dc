import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkChain } from '../../../src/domain/audit/check.ts';
import type { Candidate } from '../../../src/domain/import/candidate.ts';
import { type Import, importKeys, tryImport } from '../../../src/domain/import/import-keys.ts';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import { addScope, setArchived } from '../../../src/domain/workspaces/manage.ts';
import { DAY } from '../../contracts/samples.ts';
import { failureOf, fakeRandom } from '../../support/fake-ledger.ts';
import { openTeam, type Team } from '../../support/team.ts';

const sha256 = (token: string) => createHash('sha256').update(token).digest();

function candidate(line: number, change: Partial<Candidate> = {}): Candidate {
  return {
    ...{ line, name: `key ${line}`, purpose: null, owner: 'ana', ownerSaid: false },
    ...{ scopes: ['orders:read'], networks: [], mode: 'live', expiresAt: undefined },
    found: { kind: 'sha256', key: 0, digest: sha256(`token ${line}`) },
    aliases: [],
    verifier: { pepper: 0, hash: new Uint8Array(0) },
    ...change,
  };
}

const wish = (desk: Team, candidates: readonly Candidate[], change: Partial<Import> = {}): Import => ({
  ...{ workspace: desk.workspace, integration: undefined, candidates, hmacKey: undefined },
  kinds: [
    { kind: 'sha256', key: 0 },
    { kind: 'token', key: 1 },
  ],
  ...change,
});

/** So that no import draws the kids of another. */
let imports = 0;

const importAs = (
  desk: Team,
  name: string,
  ...args: Parameters<typeof wish> extends [Team, ...infer R] ? R : never
) => importKeys(desk.as(name), fakeRandom(`import ${imports++}`), wish(desk, ...args), () => {});

/** The failure of an import, after which nothing is there; and a dry run says the same. */
async function refused(desk: Team, name: string, candidates: readonly Candidate[], change?: Partial<Import>) {
  const before = [await desk.store.keys.count({}, 0), (await desk.log()).length];
  const failure = await failureOf(() => importAs(desk, name, candidates, change));
  expect([await desk.store.keys.count({}, 0), (await desk.log()).length]).toEqual(before);
  const actor = desk.as(name).actor;
  const tried = await failureOf(() =>
    tryImport(desk.store, actor, wish(desk, candidates, change), desk.clock.at),
  );
  expect([tried.code, tried.message, tried.hint]).toEqual([failure.code, failure.message, failure.hint]);
  return failure;
}

describe('imported keys', () => {
  test('are stored in the order of the rows, found by their digest, and on record', async () => {
    const desk = await openTeam();
    const heard: number[] = [];
    const found = { kind: 'token', key: 1, digest: sha256('ours') } as const;
    const verifier = { pepper: 1, hash: sha256('hash') };
    const rows = [
      candidate(2, { purpose: 'old platform', networks: ['10.0.0.0/8'], mode: 'test', expiresAt: null }),
      candidate(3, { name: undefined, owner: 'ben', ownerSaid: true, found, verifier }),
    ];
    const keys = await importKeys(desk.ledger, fakeRandom(), wish(desk, rows), (count) => heard.push(count));
    expect(heard).toEqual([2]);
    const [one, two] = keys;
    expect(one).toMatchObject({
      ...{ name: 'key 2', purpose: 'old platform', networks: ['10.0.0.0/8'], mode: 'test', owner: 'ana' },
      ...{ expiresAt: null, version: 1, shownAt: desk.clock.at, createdBy: 'ana', brand: 'kw' },
    });
    expect(two?.name).toMatch(/^orders-read-[0-9-]{10}-[0-9A-Za-z]{4}-3$/);
    // By the policy's default.
    expect(two).toMatchObject({ owner: 'ben', expiresAt: desk.clock.at + 90 * DAY });
    for (const key of keys) expect(await desk.store.keys.byKid(key.kid)).toEqual(key);
    expect(await desk.store.keys.byForeign(candidate(2).found)).toEqual({ kid: one?.kid, version: 1 });
    expect(await desk.store.keys.byForeign(found)).toEqual({ kid: two?.kid, version: 1 });
    expect(await desk.store.keys.forVerification(two?.kid ?? '')).toMatchObject({
      pepper: 1,
      hash: verifier.hash,
    });
    const entries = (await desk.log()).slice(-2);
    expect(entries.map(({ action, target, facts }) => [action, target, facts.owner, facts.found_by])).toEqual(
      [
        ['key.import', `key_${one?.kid}`, 'ana', 'sha256'],
        ['key.import', `key_${two?.kid}`, 'ben', 'token'],
      ],
    );
    expect(entries.at(-1)?.seal).not.toBeNull();
  });

  test('are written and counted in parts, with kids in order and one seal at the end', async () => {
    const desk = await openTeam();
    const before = (await desk.log()).length;
    const heard: number[] = [];
    const rows = Array.from({ length: 620 }, (_, n) => candidate(n + 2));
    const keys = await importKeys(desk.ledger, fakeRandom(), wish(desk, rows), (count) => heard.push(count));
    expect(heard).toEqual([500, 620]);
    expect(keys.map(({ name }) => name)).toEqual(rows.map(({ name }) => name));
    const kids = keys.map(({ kid }) => kid);
    expect(kids).toEqual([...new Set(kids)].toSorted());
    const entries = (await desk.log()).slice(before);
    expect(entries.map(({ target }) => target)).toEqual(kids.map((kid) => `key_${kid}`));
    expect(entries.map(({ seq }) => seq)).toEqual(kids.map((_, n) => before + n + 1));
    expect(entries.filter(({ seal }) => seal !== null)).toEqual([entries.at(-1)]);
    const report = await checkChain(desk.store.audit, desk.ledger.sealer, undefined);
    expect([report.bad, report.entries]).toEqual([null, before + 620]);
  });

  test('a dry run changes nothing', async () => {
    const desk = await openTeam();
    const before = (await desk.log()).length;
    await tryImport(desk.store, desk.ledger.actor, wish(desk, [candidate(2)]), desk.clock.at);
    expect([await desk.store.keys.count({}, 0), (await desk.log()).length]).toEqual([0, before]);
  });

  test('keep the HMAC key that came with them', async () => {
    const desk = await openTeam();
    const hmacKey = { number: 2, kind: 'imported', sealed: sha256('sealed'), createdAt: 1 } as const;
    const found = { kind: 'hmac-sha256', key: 2, digest: sha256('x') } as const;
    await importAs(desk, 'ana', [candidate(2, { found })], { hmacKey });
    expect((await desk.store.slots.peppers()).find(({ number }) => number === 2)).toEqual(hmacKey);
    expect(await desk.store.keys.foreignKinds()).toEqual([{ kind: 'hmac-sha256', key: 2 }]);
  });
});

describe('all or nothing', () => {
  test('tokens that a key has already, revoked ones too, and names that are taken', async () => {
    const desk = await openTeam();
    await importAs(desk, 'ana', [candidate(1), candidate(2)]);
    await revokeKeys(desk.ledger, { names: ['key 2'], workspaceId: undefined }, {});
    const fresh = { found: { kind: 'sha256', key: 0, digest: sha256('fresh') } } as const;
    const known = await refused(desk, 'ana', [candidate(7), candidate(2, { line: 8, name: 'other' })]);
    expect([known.code, known.message]).toEqual([
      'exists',
      'nothing was imported: line 8: a key with its token is there already',
    ]);
    const taken = await refused(desk, 'ana', [candidate(7), candidate(1, { line: 9, ...fresh })]);
    expect([taken.code, taken.message, taken.hint]).toEqual([
      'exists',
      'nothing was imported: line 9, name: there is a key "key 1" already',
      '{keywright} keys list -w acme',
    ]);
    // The name of the revoked one is free again.
    expect(await importAs(desk, 'ana', [candidate(2, fresh)])).toHaveLength(1);
  });

  test('a raw token whose digest was imported before', async () => {
    const desk = await openTeam();
    await importAs(desk, 'ana', [candidate(1)]);
    const raw = candidate(4, {
      found: { kind: 'token', key: 1, digest: sha256('found') },
      aliases: [candidate(1).found],
    });
    expect((await refused(desk, 'ana', [candidate(3), raw])).message).toBe(
      'nothing was imported: line 4: a key with its token is there already',
    );
  });

  test('owners and scopes that there are not', async () => {
    const desk = await openTeam();
    await addScope(desk.ledger, desk.workspace, 'orders:read', null);
    const rows = [
      candidate(2),
      candidate(3, { owner: 'eve', ownerSaid: true }),
      candidate(4, { scopes: ['orders:read', 'users:read'] }),
      candidate(5, { scopes: ['orders:*'] }),
    ];
    const failure = await refused(desk, 'ana', rows);
    expect([failure.code, failure.message]).toEqual([
      'usage',
      'nothing was imported: line 3, owner: no member "eve"; line 4, scopes: users:read is not in the catalogue',
    ]);
  });

  test('an archived workspace, and an integration that is no more than a draft', async () => {
    const desk = await openTeam();
    const draft = {
      ...{ id: 'int_0123456789Ab', workspaceId: desk.workspace.id, name: 'shop', purpose: null, url: null },
      ...{ createdAt: 1, createdBy: 'ana', configuredAt: null, disabledAt: null },
    };
    await desk.store.write((tx) => tx.write.integrations.insert(draft));
    expect((await refused(desk, 'ana', [candidate(2)], { integration: 'shop' })).code).toBe('wrong_state');
    await desk.store.write((tx) => tx.write.integrations.update(draft.id, { configuredAt: 1 }));
    const [key] = await importAs(desk, 'ana', [candidate(2)], { integration: 'shop' });
    expect(key?.integrationId).toBe(draft.id);
    await setArchived(desk.ledger, 'acme', true);
    expect((await refused(desk, 'ana', [candidate(3)])).code).toBe('wrong_state');
  });

  test('another import that came between', async () => {
    const desk = await openTeam();
    const hmacKey = { number: 1, kind: 'imported', sealed: sha256('sealed'), createdAt: 1 } as const;
    expect((await refused(desk, 'ana', [candidate(2)], { hmacKey })).code).toBe('changed');
    await importAs(desk, 'ana', [candidate(2)]);
    expect((await refused(desk, 'ana', [candidate(3)], { kinds: [{ kind: 'token', key: 1 }] })).code).toBe(
      'changed',
    );
  });
});

describe('nobody imports more than they may create', () => {
  test.each([
    ['vic', {}, /vic is a viewer of acme/],
    ['eve', {}, /^nothing was imported: line 2: eve is no member of acme$/],
    ['ben', { owner: 'dee', ownerSaid: true }, /dee/],
    ['ben', { scopes: ['billing:write'] }, /billing:write reaches billing:\*/],
    ['ben', { scopes: ['*:read'] }, /\*:read reaches billing:\*/],
    ['ana', { expiresAt: null }, /never expires/],
    ['ana', { expiresAt: Number.MAX_SAFE_INTEGER }, /365d/],
  ] as const)('%s, %j', async (actor, change, reason) => {
    const desk = await openTeam();
    await desk.policy({ longestLife: 365 * DAY });
    const row = candidate(2, { owner: actor, ...change });
    const failure = await refused(desk, actor, [row]);
    expect([failure.code, failure.exitCode]).toEqual(['forbidden', 4]);
    expect(failure.message).toMatch(reason);
    expect(failure.hint).toBeDefined();
  });

  test('each row that is refused is named, and one is enough', async () => {
    const desk = await openTeam();
    const rows = [2, 3, 4, 5].map((line) =>
      candidate(line, { owner: 'ben', scopes: [line % 2 === 0 ? 'orders:read' : 'billing:read'] }),
    );
    expect((await refused(desk, 'ben', rows)).message).toMatch(
      /^nothing was imported: line 3: .*; line 5: [^;]*$/,
    );
    expect(
      await importAs(
        desk,
        'ben',
        rows.filter(({ line }) => line % 2 === 0),
      ),
    ).toHaveLength(2);
  });
});
