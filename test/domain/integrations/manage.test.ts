import { describe, expect, test } from 'vitest';
import { findIntegration } from '../../../src/domain/integrations/find.ts';
import {
  configureIntegration,
  createIntegration,
  disableIntegration,
  enableIntegration,
  updateIntegration,
} from '../../../src/domain/integrations/manage.ts';
import { DEFAULT_POLICY } from '../../../src/domain/workspaces/policy.ts';
import { T0 } from '../../contracts/samples.ts';
import { type Desk, failureOf, openDesk } from '../../support/fake-ledger.ts';
import { aKey } from '../../support/fake-verifier.ts';

const WISH = { name: 'shop', purpose: null, url: null };

async function withShop(desk: Desk = openDesk()) {
  const shop = await createIntegration(desk.ledger, desk.means.random, desk.workspace, WISH);
  const which = { workspaceId: desk.workspace.id, text: shop.id };
  const status = async () => {
    const { configuredAt, disabledAt } = await findIntegration(desk.store, desk.workspace.id, shop.id);
    return disabledAt !== null ? 'disabled' : configuredAt !== null ? 'configured' : 'draft';
  };
  return { desk, shop, which, status };
}

/** The same store, used by somebody of this role. */
async function as(desk: Desk, name: string, role?: 'admin' | 'developer' | 'viewer') {
  if (role !== undefined)
    await desk.store.write((tx) =>
      tx.write.workspaces.addMember({ workspaceId: desk.workspace.id, name, role, createdAt: T0 }),
    );
  return { ...desk.ledger, actor: { name, from: 'OS user', osUser: name } } as const;
}

test('goes from draft to configured, to disabled and back, each step in the log', async () => {
  const { desk, which, status } = await withShop();
  expect(await status()).toBe('draft');
  expect((await configureIntegration(desk.ledger, which, 'https://shop.example/')).changed).toBe(true);
  expect(await status()).toBe('configured');
  await disableIntegration(desk.ledger, which);
  expect(await status()).toBe('disabled');
  await enableIntegration(desk.ledger, which);
  expect(await status()).toBe('configured');
  const entries = (await desk.log()).filter(({ target }) => target === which.text);
  expect(entries.map(({ action, facts }) => [action, facts.status])).toEqual([
    ['integration.create', 'draft'],
    ['integration.configure', 'configured'],
    ['integration.disable', 'disabled'],
    ['integration.enable', 'configured'],
  ]);
  expect(entries.at(-1)?.facts).toMatchObject({ name: 'shop', url: 'https://shop.example/' });
});

test('what is so already is no change and no entry', async () => {
  const { desk, which } = await withShop();
  await configureIntegration(desk.ledger, which, undefined);
  const before = (await desk.log()).length;
  expect((await configureIntegration(desk.ledger, which, undefined)).changed).toBe(false);
  expect((await enableIntegration(desk.ledger, which)).changed).toBe(false);
  await disableIntegration(desk.ledger, which);
  expect((await disableIntegration(desk.ledger, which)).changed).toBe(false);
  expect((await updateIntegration(desk.ledger, which, { name: 'shop' })).changed).toBe(false);
  expect((await desk.log()).length).toBe(before + 1);
});

test('configuring a disabled one changes its URL, and it stays disabled', async () => {
  const { desk, which, status } = await withShop();
  await configureIntegration(desk.ledger, which, undefined);
  await disableIntegration(desk.ledger, which);
  expect((await configureIntegration(desk.ledger, which, 'https://a.example/')).changed).toBe(true);
  expect(await status()).toBe('disabled');
});

test.each([disableIntegration, enableIntegration])('a draft is not in use: %o refuses it', async (act) => {
  const { desk, which } = await withShop();
  expect(await failureOf(() => act(desk.ledger, which))).toMatchObject({ code: 'wrong_state', exitCode: 5 });
});

test('disabling needs no unlocked store', async () => {
  const { desk, which, status } = await withShop();
  await configureIntegration(desk.ledger, which, undefined);
  await disableIntegration(desk.locked, which);
  expect(await status()).toBe('disabled');
  expect((await desk.log()).at(-1)).toMatchObject({ action: 'integration.disable', locked: true });
});

test('update changes what is given and says the old name', async () => {
  const { desk, which } = await withShop();
  const { integration } = await updateIntegration(desk.ledger, which, { name: 'web shop', purpose: 'sales' });
  expect(integration).toMatchObject({ name: 'web shop', purpose: 'sales', url: null });
  expect((await desk.log()).at(-1)?.facts).toMatchObject({ name: 'web shop', old_name: 'shop' });
});

test('a name that is taken is refused, and nothing changes', async () => {
  const { desk, which } = await withShop();
  await createIntegration(desk.ledger, desk.means.random, desk.workspace, { ...WISH, name: 'crm' });
  const again = () => createIntegration(desk.ledger, desk.means.random, desk.workspace, WISH);
  expect((await failureOf(again)).code).toBe('exists');
  expect((await failureOf(() => updateIntegration(desk.ledger, which, { name: 'crm' }))).code).toBe('exists');
  const names = (await desk.store.integrations.all()).map(({ name }) => name);
  expect(names).toEqual(['crm', 'shop']);
});

describe('found', () => {
  test('by name, in any normal form, and by id', async () => {
    const { desk, shop } = await withShop();
    await updateIntegration(desk.ledger, { workspaceId: desk.workspace.id, text: 'shop' }, { name: 'café' });
    for (const text of ['caf\u00e9', 'cafe\u0301', shop.id])
      expect((await findIntegration(desk.store, desk.workspace.id, text)).id).toBe(shop.id);
  });

  test('in no other workspace, not even by its id', async () => {
    const { desk, shop } = await withShop();
    for (const text of ['shop', shop.id])
      expect(await failureOf(() => findIntegration(desk.store, 'ws_000000000000', text))).toMatchObject({
        code: 'not_found',
        retry: undefined,
      });
  });

  test('with the nearest name where there is none', async () => {
    const { desk } = await withShop();
    const failure = await failureOf(() => findIntegration(desk.store, desk.workspace.id, 'shpo'));
    expect(failure).toMatchObject({ code: 'not_found', hint: 'did you mean shop?' });
  });
});

describe('who may', () => {
  test.each(['developer', 'viewer', undefined] as const)('%s may not', async (role) => {
    const { desk, which, status } = await withShop();
    await configureIntegration(desk.ledger, which, undefined);
    const ledger = await as(desk, 'bob', role);
    const tries = [
      () => createIntegration(ledger, desk.means.random, desk.workspace, { ...WISH, name: 'other' }),
      () => configureIntegration(ledger, which, 'https://evil.example/'),
      () => updateIntegration(ledger, which, { name: 'other' }),
      () => disableIntegration(ledger, which),
      () => enableIntegration(ledger, which),
    ];
    for (const attempt of tries)
      expect(await failureOf(attempt)).toMatchObject({ code: 'forbidden', exitCode: 4 });
    expect(await status()).toBe('configured');
    expect(await desk.store.integrations.all()).toHaveLength(1);
  });

  test('an admin may, but not bring keys back to life that are beyond what an admin may grant', async () => {
    const { desk, which, status } = await withShop();
    await configureIntegration(desk.ledger, which, undefined);
    const { key } = await aKey(desk, { scopes: ['orders:read', 'billing:write'] });
    await desk.store.write(async (tx) => {
      await tx.write.keys.bind([key.kid], which.text);
      const ceilings = { ...DEFAULT_POLICY.ceilings, admin: ['orders:*'] };
      await tx.write.workspaces.setPolicy(desk.workspace.id, { ...DEFAULT_POLICY, ceilings });
    });
    const admin = await as(desk, 'bob', 'admin');
    await disableIntegration(admin, which);
    const failure = await failureOf(() => enableIntegration(admin, which));
    expect(failure.code).toBe('forbidden');
    expect(failure.message).toContain('billing:write');
    expect(await status()).toBe('disabled');
    await enableIntegration(desk.ledger, which);
    expect(await status()).toBe('configured');
  });
});
