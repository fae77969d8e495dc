import { describe, expect, test } from 'vitest';
import {
  configureIntegration,
  createIntegration,
  disableIntegration,
} from '../../../src/domain/integrations/manage.ts';
import { removeIntegration } from '../../../src/domain/integrations/remove.ts';
import type { ApiKey } from '../../../src/domain/keys/key.ts';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import type { Rotation } from '../../../src/domain/rotations/rotation.ts';
import { DEFAULT_POLICY } from '../../../src/domain/workspaces/policy.ts';
import { someApp, T0 } from '../../contracts/samples.ts';
import { failureOf, openDesk } from '../../support/fake-ledger.ts';
import { aKey, verifierOn } from '../../support/fake-verifier.ts';

/** A configured integration with two keys, one more that is disabled and one that is revoked. */
async function withKeys() {
  const desk = openDesk();
  const wish = { name: 'shop', purpose: null, url: null };
  const { id } = await createIntegration(desk.ledger, desk.means.random, desk.workspace, wish);
  const which = { workspaceId: desk.workspace.id, text: id };
  await configureIntegration(desk.ledger, which, undefined);
  const made: Awaited<ReturnType<typeof aKey>>[] = [];
  for (const name of ['one', 'two', 'paused', 'gone']) made.push(await aKey(desk, { name }));
  const kids = made.map(({ key }) => key.kid);
  await desk.store.write(async (tx) => {
    await tx.write.keys.bind(kids, id);
    await tx.write.keys.setDisabled([kids[2] ?? ''], 5);
  });
  await revokeKeys(desk.ledger, { names: [`key_${kids[3]}`], workspaceId: undefined });
  const other = await aKey(desk, { name: 'other' });
  const now = () => Promise.all(kids.map((kid) => desk.store.keys.byKid(kid))) as Promise<ApiKey[]>;
  const { verifier } = verifierOn(desk);
  const codes = async () => {
    const answers = [];
    for (const { token } of [...made, other]) answers.push((await verifier.verify(token, {})).code);
    return answers;
  };
  return { desk, which, kids, now, codes };
}

test('without a word on its keys nothing is done', async () => {
  const { desk, which, codes } = await withKeys();
  const failure = await failureOf(() => removeIntegration(desk.ledger, which, {}));
  expect(failure).toMatchObject({ code: 'usage', hint: 'say --revoke-keys or --keep-keys' });
  expect(failure.message).toContain('3 keys are bound to shop');
  expect(await codes()).toEqual(['ok', 'ok', 'disabled', 'revoked', 'ok']);
  expect(await desk.store.integrations.all()).toHaveLength(1);
});

test('one without unrevoked keys needs no word', async () => {
  const { desk, which, kids } = await withKeys();
  await revokeKeys(desk.ledger, { names: kids.map((kid) => `key_${kid}`), workspaceId: undefined });
  await removeIntegration(desk.ledger, which, {});
  expect(await desk.store.integrations.all()).toEqual([]);
});

test('revoking takes its keys with it, in one transaction, and no other', async () => {
  const { desk, which, codes, now } = await withKeys();
  const before = (await desk.log()).length;
  const { keys } = await removeIntegration(desk.ledger, which, { fate: 'revoke' });
  expect(keys.map(({ name }) => name).toSorted()).toEqual(['one', 'paused', 'two']);
  expect(await codes()).toEqual(['revoked', 'revoked', 'revoked', 'revoked', 'ok']);
  expect((await now()).map(({ integrationId }) => integrationId)).toEqual([null, null, null, null]);
  const entries = (await desk.log()).slice(before);
  expect(entries.map(({ action }) => action).toSorted()).toEqual([
    'integration.remove',
    'key.revoke',
    'key.revoke',
    'key.revoke',
    'key.update',
  ]);
  expect(entries.at(-1)?.facts).toMatchObject({ name: 'shop', keys: 3 });
});

test('keeping leaves what verifies verifying, bound to none', async () => {
  const { desk, which, codes, now } = await withKeys();
  await removeIntegration(desk.ledger, which, { fate: 'keep' });
  expect(await codes()).toEqual(['ok', 'ok', 'disabled', 'revoked', 'ok']);
  expect((await now()).map(({ integrationId }) => integrationId)).toEqual([null, null, null, null]);
});

test('keeping the keys of a disabled one brings none back to life', async () => {
  const { desk, which, codes, now } = await withKeys();
  await disableIntegration(desk.ledger, which);
  expect(await codes()).toEqual(['disabled', 'disabled', 'disabled', 'revoked', 'ok']);
  const before = (await desk.log()).length;
  await removeIntegration(desk.ledger, which, { fate: 'keep' });
  expect(await codes()).toEqual(['disabled', 'disabled', 'disabled', 'revoked', 'ok']);
  expect((await now())[2]?.disabledAt, 'its own pause is not a new one').toBe(5);
  const entries = (await desk.log()).slice(before).filter(({ action }) => action === 'key.disable');
  expect(entries.map(({ facts }) => [facts.name, facts.disabled])).toEqual([
    ['two', true],
    ['one', true],
  ]);
});

test('a key that was bound after somebody looked is not taken along', async () => {
  const { desk, which, codes } = await withKeys();
  const failure = await failureOf(() => removeIntegration(desk.ledger, which, { fate: 'revoke', expect: 2 }));
  expect(failure).toMatchObject({ code: 'changed', exitCode: 5 });
  expect(await codes()).toEqual(['ok', 'ok', 'disabled', 'revoked', 'ok']);
});

test('the delivery of a revoked key is over', async () => {
  const { desk, which, kids } = await withKeys();
  const [kid = ''] = kids;
  const rotation: Rotation = {
    ...{ id: 'rot_000000000001', kid, workspaceId: desk.workspace.id, fromVersion: 1, toVersion: 2 },
    state: 'issued',
    ...{ delivery: true, check: false, graceMs: 0 },
    ...{ startedAt: T0, startedBy: 'ana', updatedAt: T0 },
  };
  await desk.store.write((tx) => tx.write.rotations.insert(rotation));
  await removeIntegration(desk.ledger, which, { fate: 'revoke' });
  expect(await desk.store.rotations.open(kid)).toBeUndefined();
});

describe('who may', () => {
  const member = (name: string, role: 'admin' | 'developer', workspaceId: string) =>
    ({ workspaceId, name, role, createdAt: T0 }) as const;

  test('no developer, though all its keys were theirs', async () => {
    const { desk, which, codes } = await withKeys();
    await desk.store.write((tx) =>
      tx.write.workspaces.addMember(member('bob', 'developer', desk.workspace.id)),
    );
    const ledger = { ...desk.ledger, actor: { name: 'bob', from: 'OS user', osUser: 'bob' } as const };
    for (const fate of ['revoke', 'keep'] as const)
      expect((await failureOf(() => removeIntegration(ledger, which, { fate }))).code).toBe('forbidden');
    expect((await codes())[0]).toBe('ok');
  });

  test('no admin who would keep keys alive that are beyond an admin; revoking them is fine', async () => {
    const { desk, which, codes } = await withKeys();
    await desk.store.write(async (tx) => {
      await tx.write.workspaces.addMember(member('bob', 'admin', desk.workspace.id));
      const ceilings = { ...DEFAULT_POLICY.ceilings, admin: ['users:*'] };
      await tx.write.workspaces.setPolicy(desk.workspace.id, { ...DEFAULT_POLICY, ceilings });
    });
    const ledger = { ...desk.ledger, actor: { name: 'bob', from: 'OS user', osUser: 'bob' } as const };
    expect((await failureOf(() => removeIntegration(ledger, which, { fate: 'keep' }))).code).toBe(
      'forbidden',
    );
    await removeIntegration(ledger, which, { fate: 'revoke' });
    expect((await codes())[0]).toBe('revoked');
  });
});

test('its apps are bound to none, and stay connected', async () => {
  const { desk, which } = await withKeys();
  const app = someApp(desk.workspace.id, { integrationId: which.text });
  const other = someApp(desk.workspace.id);
  await desk.store.write(async (tx) => {
    await tx.write.apps.insert(app);
    await tx.write.apps.insert(other);
  });
  await removeIntegration(desk.ledger, which, { fate: 'keep' });
  expect(await desk.store.apps.byId(app.id)).toEqual({ ...app, integrationId: null });
  const entries = (await desk.log()).filter(({ action }) => action === 'app.unbind');
  expect(entries.map(({ target }) => target)).toEqual([app.id]);
});
