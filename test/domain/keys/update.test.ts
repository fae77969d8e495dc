import { describe, expect, test } from 'vitest';
import { createKey } from '../../../src/domain/keys/create.ts';
import { disableKeys, revokeKeys } from '../../../src/domain/keys/stop.ts';
import { type KeyWish, updateKey } from '../../../src/domain/keys/update.ts';
import { DAY } from '../../contracts/samples.ts';
import { type Desk, failureOf, openDesk } from '../../support/fake-ledger.ts';
import { openTeam } from '../../support/team.ts';

async function deskWith(expiresAt: number | null = null) {
  const desk = openDesk();
  for (const name of ['billing', 'deploy']) {
    await createKey(desk.ledger, desk.means, {
      workspace: desk.workspace,
      name,
      scopes: ['orders:read'],
      mode: 'live',
      networks: [],
      expiresAt,
    });
  }
  return desk;
}

const update = (desk: Desk, wish: KeyWish, text = 'billing') =>
  updateKey(desk.ledger, { text, workspaceId: undefined }, wish);
const billing = { names: ['billing'], workspaceId: undefined };

describe('a change', () => {
  test.each<readonly [KeyWish, object]>([
    [{ name: 'billing-eu' }, { old_name: 'billing', name: 'billing-eu' }],
    [{ purpose: 'invoices' }, { old_purpose: null, purpose: 'invoices' }],
    [{ networks: ['::/0'] }, { old_networks: [], networks: ['::/0'] }],
    [{ expiresAt: 9_000_000_000_000 }, { old_expires_at: null, expires_at: 9_000_000_000_000 }],
  ])('%j is written and told of', async (wish, facts) => {
    const desk = await deskWith();
    const { key, changed } = await update(desk, wish);
    expect(changed).toBe(true);
    expect(await desk.store.keys.byKid(key.kid)).toEqual(key);
    expect(key).toMatchObject(wish);
    expect((await desk.log()).at(-1)).toMatchObject({
      action: 'key.update',
      target: `key_${key.kid}`,
      facts,
    });
  });

  test('to what is already so changes nothing', async () => {
    const desk = await deskWith();
    const before = await desk.log();
    expect((await update(desk, { name: 'billing', owner: 'ana', networks: [] })).changed).toBe(false);
    expect((await update(desk, {})).changed).toBe(false);
    expect(await desk.log()).toEqual(before);
  });

  test('of the owner needs a member', async () => {
    const desk = await deskWith();
    expect(await failureOf(() => update(desk, { owner: 'nobody' }))).toMatchObject({ code: 'not_found' });
    await desk.store.write((tx) =>
      tx.write.workspaces.addMember({
        workspaceId: desk.workspace.id,
        name: 'ci',
        role: 'viewer',
        createdAt: 1,
      }),
    );
    expect((await update(desk, { owner: 'ci' })).key.owner).toBe('ci');
    expect((await desk.log()).at(-1)?.facts).toMatchObject({ old_owner: 'ana', owner: 'ci' });
  });

  test('to a name that is taken is refused, and nothing is written', async () => {
    const desk = await deskWith();
    const before = await desk.log();
    expect(await failureOf(() => update(desk, { name: 'deploy', purpose: 'x' }))).toMatchObject({
      code: 'exists',
    });
    expect(await desk.log()).toEqual(before);
    expect((await desk.store.keys.byName(undefined, 'billing'))[0]?.purpose).toBeNull();
  });

  test('never touches secret, scopes or version', async () => {
    const desk = await deskWith();
    const { key } = await update(desk, {});
    const before = await desk.store.keys.forVerification(key.kid);
    await update(desk, { name: 'other', networks: ['::/0'], expiresAt: desk.clock.at + DAY });
    const after = await desk.store.keys.forVerification(key.kid);
    expect([after?.hash, after?.pepper, after?.scopes, after?.version]).toEqual([
      before?.hash,
      before?.pepper,
      before?.scopes,
      before?.version,
    ]);
  });
});

describe('what can not be changed', () => {
  test('a revoked key, in nothing', async () => {
    const desk = await deskWith();
    await revokeKeys(desk.ledger, billing);
    for (const wish of [{ name: 'other' }, { expiresAt: null }, {}]) {
      expect(await failureOf(() => update(desk, wish))).toMatchObject({
        code: 'wrong_state',
        message: "billing is revoked and can't be changed",
      });
    }
  });

  test.each(['expired', 'expired and disabled'])('the expiry of an %s key', async (state) => {
    const desk = await deskWith(openDesk().clock.at + DAY);
    if (state !== 'expired') await disableKeys(desk.ledger, billing);
    desk.clock.at += DAY;
    for (const expiresAt of [null, desk.clock.at + DAY, desk.clock.at]) {
      expect(await failureOf(() => update(desk, { expiresAt }))).toMatchObject({
        code: 'wrong_state',
        message: "billing has expired and can't be extended",
      });
    }
    expect((await update(desk, { name: 'old billing' })).key.name).toBe('old billing');
  });

  test('one moment before its end it can still be extended', async () => {
    const desk = await deskWith(openDesk().clock.at + DAY);
    desk.clock.at += DAY - 1;
    expect((await update(desk, { expiresAt: null })).changed).toBe(true);
  });
});

describe('an integration', () => {
  test('that is disabled lets its keys go only to who may enable it', async () => {
    const desk = await openTeam();
    const name = 'shop';
    await desk.store.write(async (tx) => {
      for (const one of [shop(desk), { ...shop(desk), id: 'int_2', name: 'other' }])
        await tx.write.integrations.insert({ ...one, configuredAt: 1 });
    });
    const key = await desk.keyOf('ben', { name: 'k6', integration: name });
    const which = { text: 'k6', workspaceId: undefined };
    const wishes = [{ integration: null }, { integration: 'other' }] as const;
    await desk.store.write((tx) => tx.write.integrations.update(shop(desk).id, { disabledAt: 2 }));
    const before = await desk.log();
    for (const wish of wishes) {
      const failure = await failureOf(() => updateKey(desk.as('ben'), which, wish));
      expect([failure.code, failure.message]).toEqual([
        'forbidden',
        'changing the integration of keys that it disables takes an admin at least, and ben is a developer of acme',
      ]);
    }
    expect(await desk.log()).toEqual(before);
    expect((await desk.store.keys.byKid(key.kid))?.integrationId).toBe(shop(desk).id);
    expect((await updateKey(desk.as('ben'), which, { purpose: 'of the shop' })).changed).toBe(true);
    expect((await updateKey(desk.as('adi'), which, { integration: 'other' })).changed).toBe(true);
    // The other one is configured, so its keys verify already.
    expect((await updateKey(desk.as('ben'), which, { integration: null })).changed).toBe(true);
  });

  const shop = (desk: Desk) => ({
    id: 'int_000000000001',
    workspaceId: desk.workspace.id,
    name: 'shop',
    purpose: null,
    url: null,
    createdAt: 1,
    createdBy: 'ana',
    configuredAt: null as number | null,
    disabledAt: null,
  });

  test('is bound once it is configured, and let go', async () => {
    const desk = await deskWith();
    await desk.store.write((tx) => tx.write.integrations.insert(shop(desk)));
    expect(await failureOf(() => update(desk, { integration: 'shop' }))).toMatchObject({
      code: 'wrong_state',
      hint: '{keywright} integrations configure shop',
    });
    await desk.store.write((tx) => tx.write.integrations.update(shop(desk).id, { configuredAt: 2 }));
    expect((await update(desk, { integration: 'shop' })).key.integrationId).toBe(shop(desk).id);
    expect((await desk.log()).at(-1)?.facts).toMatchObject({ old_integration_id: null });
    expect((await update(desk, { integration: shop(desk).id })).changed).toBe(false);
    expect((await update(desk, { integration: null })).key.integrationId).toBeNull();
    expect((await desk.log()).at(-1)?.facts).toMatchObject({ old_integration_id: shop(desk).id });
    expect(await failureOf(() => update(desk, { integration: 'nowhere' }))).toMatchObject({
      code: 'not_found',
    });
  });
});

describe('an expiry', () => {
  test('that is sooner holds for a superseded secret, too; a later one gives it nothing', async () => {
    const desk = await deskWith(openDesk().clock.at + 90 * DAY);
    const now = desk.clock.at;
    const kid = (await desk.store.keys.byName(undefined, 'billing'))[0]?.kid ?? '';
    const verifier = { pepper: 1, hash: new Uint8Array(32) };
    const next = { version: 2, verifier, issuedAt: now, expiresAt: now + 90 * DAY };
    await desk.store.write((tx) => tx.write.keys.addVersion(kid, 1, next, now + 10 * DAY));
    const older = async () => (await desk.store.keys.versions(kid))[0]?.cutOff;
    await update(desk, { expiresAt: now + 20 * DAY });
    expect(await older()).toBe(now + 10 * DAY);
    const { key } = await update(desk, { expiresAt: now + DAY });
    expect([await older(), key.olderUntil]).toEqual([now + DAY, now + DAY]);
    await update(desk, { expiresAt: now + 5 * DAY });
    expect(await older()).toBe(now + DAY);
  });

  test('counts from the issue of the secret: an old one is not extended for ever', async () => {
    const team = await openTeam();
    await team.policy({ longestLife: 30 * DAY });
    await team.keyOf('ben', { name: 'nightly' });
    team.clock.at += 20 * DAY;
    const now = team.clock.at;
    const which = { text: 'nightly', workspaceId: undefined };
    for (const expiresAt of [now + 10 * DAY + 1, null])
      expect(await failureOf(() => updateKey(team.ledger, which, { expiresAt }))).toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining('lives 30d at most from the issue of its secret'),
      });
    expect((await updateKey(team.as('ben'), which, { expiresAt: now + 10 * DAY - 1 })).changed).toBe(true);
  });
});

describe('who may', () => {
  const as = async (name: string, wish: KeyWish) => {
    const team = await openTeam();
    await team.keyOf('ben', { name: 'nightly' });
    return updateKey(team.as(name), { text: 'nightly', workspaceId: undefined }, wish);
  };
  const now = openDesk().clock.at;

  test.each<readonly [string, KeyWish]>([
    ['rename', { name: 'other' }],
    ['describe', { purpose: 'invoices' }],
    ['extend', { expiresAt: now + 100 * DAY }],
    ['open to other networks', { networks: ['203.0.113.0/24'] }],
  ])('%s a key: its owner, admins and owners', async (_, wish) => {
    for (const name of ['ben', 'adi', 'ana']) expect((await as(name, wish)).changed).toBe(true);
    for (const name of ['dee', 'vic', 'eve'])
      expect(await failureOf(() => as(name, wish))).toMatchObject({ code: 'forbidden' });
  });

  test('give it to another: admins and owners', async () => {
    for (const name of ['adi', 'ana']) expect((await as(name, { owner: 'dee' })).key.owner).toBe('dee');
    for (const name of ['ben', 'dee', 'eve'])
      expect(await failureOf(() => as(name, { owner: 'dee' }))).toMatchObject({ code: 'forbidden' });
  });

  test('change nothing: anybody', async () => {
    expect((await as('eve', { name: 'nightly', owner: 'ben' })).changed).toBe(false);
  });
});
