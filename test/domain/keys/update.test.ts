import { describe, expect, test } from 'vitest';
import { createKey } from '../../../src/domain/keys/create.ts';
import { disableKeys, revokeKeys } from '../../../src/domain/keys/stop.ts';
import { updateKey } from '../../../src/domain/keys/update.ts';
import type { KeyChange } from '../../../src/domain/ports/store.ts';
import { DAY } from '../../contracts/samples.ts';
import { type Desk, failureOf, openDesk } from '../../support/fake-ledger.ts';

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

const update = (desk: Desk, wish: KeyChange, text = 'billing') =>
  updateKey(desk.ledger, { text, workspaceId: undefined }, wish);
const billing = { names: ['billing'], workspaceId: undefined };

describe('a change', () => {
  test.each<readonly [KeyChange, object]>([
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
