import { beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../../src/domain/apps/app.ts';
import { findApp, findGrant } from '../../../src/domain/apps/find.ts';
import { someApp, someWorkspace, T0 } from '../../contracts/samples.ts';
import { type AppDesk, openAppDesk } from '../../support/app-desk.ts';
import { failureOf } from '../../support/fake-ledger.ts';

let desk: AppDesk;
let app: App;
beforeEach(async () => {
  desk = await openAppDesk();
  app = await desk.app({ name: 'gîthub' });
});
const find = (text: string) => findApp(desk.store, { workspaceId: desk.workspace.id, text });

describe('an app is found', () => {
  test('by its name, however its letters are composed, and by its id', async () => {
    expect(await find('gîthub')).toEqual(app);
    expect(await find('gîthub'.normalize('NFD'))).toEqual(app);
    expect(await find(app.id)).toEqual(app);
  });

  test('and a near miss names it', async () => {
    expect(await failureOf(() => find('gîtub'))).toMatchObject({
      code: 'not_found',
      hint: 'did you mean gîthub?',
    });
    expect(await failureOf(() => find('zoom'))).toMatchObject({
      code: 'not_found',
      hint: '{keywright} apps list',
    });
  });

  test('neither in another workspace nor once it is removed', async () => {
    const away = someWorkspace();
    const other = someApp(away.id, { name: 'other' });
    await desk.store.write(async (tx) => {
      await tx.write.workspaces.insert(away);
      await tx.write.apps.insert(other);
      await tx.write.apps.update(app.id, { removedAt: T0 });
    });
    for (const text of ['other', other.id, 'gîthub', app.id])
      expect(await failureOf(() => find(text))).toMatchObject({ code: 'not_found' });
  });
});

describe('a grant is found', () => {
  const grantOf = (account?: string) => findGrant(desk.store, app, account);

  test('of revoked ones the one that its provider has to hear of is meant', async () => {
    const told = { revokedAt: 1, revocationPending: false };
    await desk.grant(app, { account: 'told', ...told });
    const { id } = await desk.grant(app, { account: 'pending', ...told, revocationPending: true });
    expect((await grantOf()).id).toBe(id);
  });

  test('when it is the only one that is not revoked', async () => {
    await desk.grant(app, { account: '@old', revokedAt: T0 });
    const ana = await desk.grant(app);
    expect(await grantOf()).toEqual(ana);
  });

  test('when all that there was is one that is revoked', async () => {
    const old = await desk.grant(app, { revokedAt: T0 });
    expect(await grantOf()).toEqual(old);
  });

  test('of two accounts only by name, and both are listed', async () => {
    const [ana, ben] = [await desk.grant(app), await desk.grant(app, { account: '@ben' })];
    const failure = await failureOf(() => grantOf());
    expect(failure).toMatchObject({ code: 'ambiguous', message: 'gîthub has 2 accounts: @ana, @ben' });
    expect(failure.retry).toEqual({ append: '--account=@ana' });
    expect(await grantOf('@ben')).toEqual(ben);
    expect(await grantOf(ana.id)).toEqual(ana);
    expect(await failureOf(() => grantOf('@bem'))).toMatchObject({
      code: 'not_found',
      hint: 'did you mean @ben?',
    });
    expect((await failureOf(() => grantOf('zoe'))).hint).toBe('the accounts are @ana, @ben');
  });

  test('by name even when it is revoked and another one is not', async () => {
    const old = await desk.grant(app, { account: '@old', revokedAt: T0 });
    await desk.grant(app);
    expect(await grantOf('@old')).toEqual(old);
  });

  test('never of an app that nobody authorized: it says how', async () => {
    for (const account of [undefined, '@ana'])
      expect(await failureOf(() => grantOf(account))).toMatchObject({ code: 'needs_authorization' });
    const plain = await desk.app({ name: 'plain' });
    expect(await failureOf(() => findGrant(desk.store, plain, undefined))).toMatchObject({
      hint: '{keywright} apps authorize plain -w acme',
    });
  });

  test.each([
    ['$(id)', '$(id)'],
    ['\x1b[2J', undefined],
    ['-rf', undefined],
    ['grant_000000000000', undefined],
  ])('called %j is named in the hint as it can be typed', async (account, typed) => {
    const { id } = await desk.grant(app, { account });
    await desk.grant(app, { account: '~' });
    const { retry } = await failureOf(() => grantOf());
    expect(retry).toEqual({ append: `--account=${typed ?? id}` });
  });
});
