import { describe, expect, test } from 'vitest';
import { createKey, type NewKey } from '../../../src/domain/keys/create.ts';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import { parseSecretKey } from '../../../src/domain/keys/token.ts';
import { addScope, createWorkspace, setArchived } from '../../../src/domain/workspaces/manage.ts';
import { DAY } from '../../contracts/samples.ts';
import { type Desk, failureOf, fakeHasher, fakeRandom, openDesk } from '../../support/fake-ledger.ts';
import { openTeam } from '../../support/team.ts';

const orders = ({ workspace }: Desk): NewKey => ({
  workspace,
  scopes: ['orders:read'],
  mode: 'live',
  networks: [],
});

const create = (desk: Desk, change: Partial<NewKey> = {}) =>
  createKey(desk.ledger, desk.means, {
    ...orders(desk),
    expiresAt: null,
    ...change,
  });

describe('a new key', () => {
  test('is stored with everything that was asked for', async () => {
    const desk = openDesk();
    const { key, secretKey } = await create(desk, {
      name: 'billing',
      purpose: 'the invoice job',
      scopes: ['orders:read', 'users:*'],
      networks: ['203.0.113.0/24'],
      mode: 'test',
      expiresAt: desk.clock.at + 1000,
    });
    expect(await desk.store.keys.byKid(key.kid)).toEqual(key);
    expect(key).toEqual({
      kid: expect.stringMatching(/^[0-9A-Za-z]{12}$/),
      workspaceId: desk.workspace.id,
      brand: 'kw',
      mode: 'test',
      name: 'billing',
      purpose: 'the invoice job',
      owner: 'ana',
      scopes: ['orders:read', 'users:*'],
      networks: ['203.0.113.0/24'],
      integrationId: null,
      version: 1,
      issuedAt: desk.clock.at,
      olderUntil: null,
      createdAt: desk.clock.at,
      createdBy: 'ana',
      expiresAt: desk.clock.at + 1000,
      disabledAt: null,
      revokedAt: null,
      revokedReason: null,
      lastUsedAt: null,
      versionFirstUsedAt: null,
      versionUsedAt: null,
      shownAt: null,
    });
    expect(parseSecretKey(secretKey.reveal())).toEqual({ brand: 'kw', mode: 'test', kid: key.kid });
  });

  test('leaves its secret nowhere but in the answer', async () => {
    const desk = openDesk();
    const { key, secretKey } = await create(desk);
    const secret = secretKey.reveal().slice('kw_sk_live_'.length + 12);
    const row = await desk.store.keys.forVerification(key.kid);
    const everything = JSON.stringify([key, row, await desk.log(), desk.anchor.mark]);
    expect(everything).not.toContain(secret);
    expect(everything).toContain(key.kid);
    expect(row?.hash).toEqual(desk.means.hasher.hash(1, desk.workspace.id, secretKey.reveal()));
  });

  test('is told of in the log, with all that decides what it may do', async () => {
    const desk = openDesk();
    const { key } = await create(desk, { name: 'billing', networks: ['::/0'] });
    expect((await desk.log()).at(-1)).toMatchObject({
      action: 'key.create',
      target: `key_${key.kid}`,
      workspaceId: desk.workspace.id,
      facts: {
        name: 'billing',
        version: 1,
        scopes: ['orders:read'],
        networks: ['::/0'],
        expires_at: null,
        disabled: false,
        revoked: false,
        mode: 'live',
        owner: 'ana',
      },
    });
  });

  test('of the same name is refused while the first is not revoked, and nothing is written', async () => {
    const desk = openDesk();
    const { key } = await create(desk, { name: 'billing' });
    const before = await desk.log();
    expect(await failureOf(() => create(desk, { name: 'billing' }))).toMatchObject({ code: 'exists' });
    expect(await desk.log()).toEqual(before);
    await revokeKeys(desk.ledger, { names: [`key_${key.kid}`], workspaceId: undefined });
    expect((await create(desk, { name: 'billing' })).key.name).toBe('billing');
  });

  test.each(['__proto__', 'constructor', "'; DROP TABLE keys;--", '%'])('may be called %s', async (name) => {
    const desk = openDesk();
    const { key } = await create(desk, { name });
    expect((await desk.store.keys.byName(desk.workspace.id, name)).map(({ kid }) => kid)).toEqual([key.kid]);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test('has the brand of its workspace', async () => {
    const desk = openDesk();
    const shop = { slug: 'shop', name: 'Shop', kind: 'company', brand: 'shop' } as const;
    const workspace = await createWorkspace(desk.ledger, fakeRandom('shop'), shop);
    const { key, secretKey } = await create(desk, { workspace });
    expect(key.brand).toBe('shop');
    expect(secretKey.reveal()).toMatch(/^shop_sk_live_/);
  });

  test('of a pepper that the hasher lacks is not made', async () => {
    const desk = openDesk();
    const means = { random: fakeRandom(), hasher: { ...fakeHasher({}), current: 2 } };
    const wish = {
      workspace: desk.workspace,
      scopes: [],
      mode: 'live',
      networks: [],
      expiresAt: null,
    } as const;
    await expect(createKey(desk.ledger, means, wish)).rejects.toThrow('pepper 2 is missing');
    expect(await desk.log()).toHaveLength(1);
  });
});

describe('a name that is not given', () => {
  test('comes from scope and date, and is made unique', async () => {
    const desk = openDesk();
    const names: string[] = [];
    for (let i = 0; i < 11; i++) names.push((await create(desk)).key.name);
    expect(names.slice(0, 3)).toEqual([
      'orders-read-2026-01-02',
      'orders-read-2026-01-02-2',
      'orders-read-2026-01-02-3',
    ]);
    expect(names[8]).toBe('orders-read-2026-01-02-9');
    expect(names[9]).toMatch(/^orders-read-2026-01-02-[0-9A-Za-z]{6}$/);
    expect(new Set(names).size).toBe(11);
  });

  test.each([
    [[], 'key-2026-01-02'],
    [['*:read'], 'all-read-2026-01-02'],
    [[`${'a'.repeat(150)}:read`], `${'a'.repeat(60)}-2026-01-02`],
  ])('for scopes %j', async (scopes, name) => {
    expect((await create(openDesk(), { scopes })).key.name).toBe(name);
  });
});

describe('the owner', () => {
  test('is the actor, unless somebody else is named', async () => {
    const team = await openTeam();
    const made = async (owner?: string) =>
      (await createKey(team.as('adi'), team.means, { ...orders(team), owner })).key;
    expect(await made()).toMatchObject({ owner: 'adi', createdBy: 'adi' });
    expect(await made('ben')).toMatchObject({ owner: 'ben', createdBy: 'adi' });
  });

  test('must be a member', async () => {
    const failure = await failureOf(() => create(openDesk(), { owner: 'anna' }));
    expect(failure).toMatchObject({ code: 'not_found', hint: 'did you mean ana?' });
  });
});

describe('scopes', () => {
  test('that no other key has, or that are turned round, are worth a note', async () => {
    const desk = openDesk();
    // The first key of a workspace has nothing to differ from.
    expect((await create(desk)).notes).toEqual([]);
    const other = { scopes: ['orders:write'] };
    expect((await create(desk, other)).notes).toEqual(['no other key of acme has the scope orders:write']);
    expect((await create(desk, other)).notes).toEqual([]);
    expect((await create(desk, { scopes: ['read:orders'] })).notes).toEqual([
      'scopes are resource:action; did you mean orders:read?',
    ]);
    expect((await create(desk, { scopes: ['*:read'] })).notes).toEqual([]);
  });

  test('that are not in the catalogue are refused, wildcards aside', async () => {
    const desk = openDesk();
    await addScope(desk.ledger, desk.workspace, 'orders:read', null);
    const failure = await failureOf(() => create(desk, { scopes: ['orders:raed'] }));
    expect(failure).toMatchObject({ code: 'not_found', hint: 'did you mean orders:read?' });
    expect((await create(desk, { scopes: ['orders:read', 'orders:*'] })).notes).toEqual([]);
  });
});

test('an archived workspace gets no key, also when it was archived meanwhile', async () => {
  const desk = openDesk();
  await setArchived(desk.ledger, 'acme', true);
  expect(desk.workspace.archivedAt).toBeNull();
  expect(await failureOf(() => create(desk))).toMatchObject({
    code: 'wrong_state',
    hint: expect.stringContaining('--undo'),
  });
});

describe('an expiry that is not given', () => {
  const life = async (desk: Desk) => {
    const { key } = await createKey(desk.ledger, desk.means, orders(desk));
    return key.expiresAt === null ? null : key.expiresAt - key.createdAt;
  };

  test('is in 90 days, until the policy says otherwise', async () => {
    const team = await openTeam();
    expect(await life(team)).toBe(90 * DAY);
    await team.policy({ defaultLife: 7 * DAY });
    expect(await life(team)).toBe(7 * DAY);
    await team.policy({ defaultLife: null });
    expect(await life(team)).toBeNull();
  });

  test('is cut to the longest life', async () => {
    const team = await openTeam();
    for (const defaultLife of [90 * DAY, null]) {
      await team.policy({ defaultLife, longestLife: 30 * DAY });
      expect(await life(team)).toBe(30 * DAY);
    }
  });
});

describe('an integration', () => {
  const bind = async (state: { configuredAt: number | null; disabledAt: number | null }, text = 'shop') => {
    const desk = openDesk();
    const { workspace } = desk;
    const shop = {
      id: 'int_000000000001',
      workspaceId: workspace.id,
      name: 'shop',
      purpose: null,
      url: null,
    };
    await desk.store.write((tx) =>
      tx.write.integrations.insert({ ...shop, createdAt: 1, createdBy: 'ana', ...state }),
    );
    return createKey(desk.ledger, desk.means, { ...orders(desk), integration: text });
  };

  test('that is configured can have keys', async () => {
    const configured = { configuredAt: 1, disabledAt: null };
    for (const text of ['shop', 'int_000000000001'])
      expect((await bind(configured, text)).key.integrationId).toBe('int_000000000001');
    expect(await failureOf(() => bind(configured, 'shpo'))).toMatchObject({ code: 'not_found' });
  });

  test.each([
    [{ configuredAt: null, disabledAt: null }, 'a draft', 'integrations configure shop'],
    [{ configuredAt: 1, disabledAt: 2 }, 'disabled', 'integrations enable shop'],
    [{ configuredAt: null, disabledAt: 2 }, 'disabled', 'integrations enable shop'],
  ])('that is not can have none (%j)', async (state, what, hint) => {
    expect(await failureOf(() => bind(state))).toMatchObject({
      code: 'wrong_state',
      message: expect.stringContaining(what),
      hint: expect.stringContaining(hint),
    });
  });
});
