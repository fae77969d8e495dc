import { beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../../src/domain/apps/app.ts';
import { removeApp } from '../../../src/domain/apps/remove.ts';
import { eraseTokens, forgetRemoved } from '../../../src/domain/apps/revoke-here.ts';
import { T0 } from '../../contracts/samples.ts';
import { type AppDesk, BY_HAND, openAppDesk } from '../../support/app-desk.ts';
import { failureOf } from '../../support/fake-ledger.ts';

let desk: AppDesk;
let app: App;
beforeEach(async () => {
  desk = await openAppDesk();
  app = await desk.app({}, 'ben');
});
const which = () => ({ workspaceId: desk.workspace.id, text: 'github' });

describe('removing an app', () => {
  test('without grants takes it and its secret away', async () => {
    expect(await removeApp(desk.as('ben'), which())).toMatchObject({ grants: [], pending: [] });
    expect(await desk.store.apps.byId(app.id)).toBeUndefined();
    expect(await desk.store.slots.allSealed()).toEqual([]);
  });

  test('revokes its grants here, and keeps what their provider is yet to be told with', async () => {
    const ana = await desk.grant(app);
    const old = await desk.grant(app, { account: '@old', revokedAt: T0 });
    const before = (await desk.log()).length;
    // While locked, too: to stop something must not take a key.
    const { grants, pending } = await removeApp(desk.lockedAs('ben'), which(), { expect: 1 });
    const revoked = { ...ana, revokedAt: desk.clock.at, revocationPending: true };
    expect([grants, pending]).toEqual([[revoked], [revoked]]);
    expect(await desk.entriesSince(before)).toEqual(['grant.revoke grant', 'app.remove app']);
    expect(await desk.store.apps.all()).toEqual([]);
    expect(await desk.store.grants.all()).toEqual([]);
    expect(await desk.store.grants.revocationsPending()).toEqual([revoked]);
    expect(await desk.sealedOf(ana.id)).toHaveLength(2);
    expect(await desk.sealedOf(app.id)).toHaveLength(1);
    // The name is free at once, and a new app of it is another one.
    expect((await desk.app()).id).not.toBe(app.id);
    await desk.store.write(async (tx) => {
      expect(await forgetRemoved(tx, app.id)).toBe(false);
      await eraseTokens(tx, ana.id);
      await tx.write.grants.update(ana.id, { revocationPending: false });
      expect(await forgetRemoved(tx, app.id)).toBe(true);
    });
    for (const id of [ana.id, old.id]) expect(await desk.store.grants.byId(id)).toBeUndefined();
    expect(await desk.store.apps.byId(app.id)).toBeUndefined();
    expect(await desk.sealedOf(app.id)).toEqual([]);
  });

  test('whose server can be told nothing is over at once, its tokens erased', async () => {
    const source = { ...BY_HAND, server: { ...BY_HAND.server, revocationEndpoint: null } };
    const other = await desk.app({ name: 'other', source });
    const grant = await desk.grant(other);
    const { grants, pending } = await removeApp(desk.ledger, { ...which(), text: 'other' });
    expect([grants.map(({ revocationPending }) => revocationPending), pending]).toEqual([[false], []]);
    expect(await desk.sealedOf(grant.id)).toEqual([]);
    expect(await desk.store.apps.byId(other.id)).toBeUndefined();
  });

  test('ends a refresh that is on its way', async () => {
    const grant = await desk.grant(app);
    await desk.store.write((tx) =>
      tx.write.grants.putIntent({ grantId: grant.id, tokenVersion: 1, sentAt: T0, uncertain: true }),
    );
    await removeApp(desk.ledger, which());
    expect(await desk.store.grants.intents()).toEqual([]);
  });

  test('with another number of grants than was shown does nothing', async () => {
    await desk.grant(app);
    const before = await desk.log();
    expect(await failureOf(() => removeApp(desk.ledger, which(), { expect: 0 }))).toMatchObject({
      code: 'changed',
    });
    expect(await desk.log()).toEqual(before);
    expect(await desk.store.apps.byId(app.id)).toEqual(app);
  });

  test('is for who registered it and who manages the workspace', async () => {
    for (const who of ['dee', 'vic', 'eve'])
      expect(await failureOf(() => removeApp(desk.as(who), which()))).toMatchObject({ code: 'forbidden' });
    await removeApp(desk.as('adi'), which());
  });
});

test('an app that was never removed is not forgotten', async () => {
  await desk.store.write(async (tx) => expect(await forgetRemoved(tx, app.id)).toBe(false));
  await desk.store.write(async (tx) => expect(await forgetRemoved(tx, 'app_nothing')).toBe(false));
  expect(await desk.store.apps.byId(app.id)).toEqual(app);
});
