import { beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../../src/domain/apps/app.ts';
import { openClientSecret } from '../../../src/domain/apps/bound.ts';
import { type AppWish, updateApp } from '../../../src/domain/apps/manage.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { setPolicy } from '../../../src/domain/workspaces/set-policy.ts';
import { T0 } from '../../contracts/samples.ts';
import { type AppDesk, openAppDesk, openSeals, scopes } from '../../support/app-desk.ts';
import { failureOf } from '../../support/fake-ledger.ts';

let desk: AppDesk;
let app: App;
beforeEach(async () => {
  desk = await openAppDesk();
  app = await desk.app({ allowlist: scopes('repo', 'email', 'offline') }, 'ben');
});
const HABITS = { aliases: { email: 'https://x.test/userinfo.email' }, unsaid: ['offline'] };
const update = (wish: AppWish, by = 'ben') =>
  updateApp(desk.as(by), openSeals, { workspaceId: desk.workspace.id, text: app.id }, wish, HABITS);

const secretNow = async () =>
  openClientSecret(desk.store, openSeals, (await desk.store.apps.byId(app.id)) as App);

describe('an app is changed', () => {
  test('in its name, which stays unique', async () => {
    await desk.app({ name: 'other' });
    expect(await update({ name: 'new' })).toEqual({
      app: { ...app, name: 'new' },
      changed: true,
      marked: [],
    });
    expect((await desk.log()).at(-1)).toMatchObject({
      action: 'app.update',
      facts: { name: 'new', old_name: 'github' },
    });
    expect(await failureOf(() => update({ name: 'other' }))).toMatchObject({ code: 'exists' });
  });

  test('not at all when it is so already', async () => {
    const before = await desk.log();
    expect(await update({ name: 'github', allowlist: scopes('repo', 'email', 'offline') })).toMatchObject({
      changed: false,
    });
    expect(await desk.log()).toEqual(before);
  });

  test('in its secret: the old one is erased', async () => {
    const [old] = await desk.sealedOf(app.id);
    await update({ secret: new Secret('n3w') });
    const sealed = await desk.sealedOf(app.id);
    expect(sealed).toMatchObject([{ field: 'client_secret', version: (old?.version ?? 0) + 1 }]);
    expect((await secretNow())?.reveal()).toBe('n3w');
    expect(JSON.stringify(await desk.log())).not.toContain('n3w');
  });

  test('to a public client and back; secret and way to authenticate go together', async () => {
    expect((await update({ secret: null })).app.clientAuth).toBe('none');
    expect(await secretNow()).toBeUndefined();
    expect(await failureOf(() => update({ clientAuth: 'client_secret_post' }))).toMatchObject({
      code: 'usage',
    });
    const back = await update({ secret: new Secret('x'), clientAuth: 'client_secret_post' });
    expect(back.app.clientAuth).toBe('client_secret_post');
    expect(await failureOf(() => update({ clientAuth: 'none' }))).toMatchObject({ code: 'usage' });
    expect((await update({ secret: null })).app.clientAuth).toBe('none');
    expect((await update({ secret: new Secret('x') })).app.clientAuth).toBe('client_secret_basic');
  });

  test('in its client id: its secret is for the new one then', async () => {
    await update({ clientId: 'other' });
    expect((await secretNow())?.reveal()).toBe('s3cret');
  });

  test("not when it was edited behind the program's back, which nothing may make look right", async () => {
    await desk.store.write((tx) => tx.write.apps.update(app.id, { clientId: 'evil' }));
    const before = await desk.log();
    for (const wish of [{ name: 'new' }, { clientId: 'other' }, { secret: new Secret('n3w') }])
      expect(await failureOf(() => update(wish))).toMatchObject({ code: 'authorization_mismatch' });
    expect(await desk.log()).toEqual(before);
  });

  test('by who registered it and by who manages the workspace', async () => {
    expect((await failureOf(() => update({ name: 'x' }, 'dee'))).code).toBe('forbidden');
    expect((await failureOf(() => update({ name: 'x' }, 'eve'))).code).toBe('forbidden');
    expect((await update({ name: 'x' }, 'adi')).changed).toBe(true);
  });
});

describe('a grant that goes beyond a new allowlist needs authorization', () => {
  const marked = async (allowlist: readonly string[] | null) =>
    (await update({ allowlist: allowlist === null ? null : scopes(...allowlist) })).marked.map(
      (one) => one.needsReason,
    );

  test('when it has what the list lost, and says what', async () => {
    const grant = await desk.grant(app, { asked: ['repo', 'email'], granted: ['repo', 'email'] });
    expect(await marked(['repo'])).toEqual(["it has email, which is not in this app's allowlist"]);
    const now = await desk.grantNow(grant);
    expect(now).toEqual({ ...grant, needsReason: "it has email, which is not in this app's allowlist" });
    expect((await desk.log()).at(-1)).toMatchObject({
      action: 'grant.needs-authorization',
      target: grant.id,
    });
    // Its tokens stay where they are, until it is revoked or authorized again.
    expect(await desk.sealedOf(grant.id)).toHaveLength(2);
  });

  test('not when it was never granted, or the list is wider', async () => {
    await desk.grant(app, { asked: ['repo', 'email'], granted: ['repo'] });
    expect(await marked(['repo'])).toEqual([]);
    expect(await marked(['repo', 'more'])).toEqual([]);
    expect(await marked(null)).toEqual([]);
  });

  test('no more when the list is wider again, unless another rule forbids it', async () => {
    const grant = await desk.grant(app, { authorizedBy: 'ben', asked: ['email'], granted: ['email'] });
    await update({ allowlist: scopes('repo') });
    expect((await update({ allowlist: scopes('repo', 'email') })).marked).toEqual([grant]);
    expect((await desk.log()).at(-1)?.action).toBe('grant.allowed-again');
    await update({ allowlist: scopes('repo') });
    await setPolicy(desk.ledger, desk.workspace, { restrictedProviderScopes: ['email'] });
    expect(await marked(null)).toEqual([]);
    expect((await desk.grantNow(grant))?.needsReason).toContain('which the policy leaves to owners');
  });

  test('for good when the client id is another, whatever the list says then', async () => {
    const grant = await desk.grant(app, { asked: ['email'], granted: ['email'] });
    await update({ allowlist: scopes('repo') });
    await update({ clientId: 'other' });
    await update({ allowlist: null });
    expect((await desk.grantNow(grant))?.needsReason).toBe('the app has another client id by now');
  });

  test('by what the provider calls it, and by what it never lists', async () => {
    const alias = await desk.grant(app, { asked: ['email'], granted: ['https://x.test/userinfo.email'] });
    const unsaid = await desk.grant(app, { account: '@b', asked: ['repo', 'offline'], granted: ['repo'] });
    expect(await marked(['repo', 'email', 'offline', 'more'])).toEqual([]);
    await update({ allowlist: scopes('repo') });
    expect((await desk.grantNow(alias))?.needsReason).toContain('userinfo.email');
    expect((await desk.grantNow(unsaid))?.needsReason).toContain('offline');
  });

  test('an empty list ends them all; a revoked or marked one is left as it is', async () => {
    await desk.grant(app, { asked: ['repo'], granted: ['repo'] });
    await desk.grant(app, { account: '@b', granted: ['repo'], revokedAt: T0 });
    await desk.grant(app, { account: '@c', granted: ['repo'], needsReason: 'before' });
    expect(await marked([])).toHaveLength(1);
  });
});

test('another client id ends every grant: their tokens are of the old one', async () => {
  await desk.grant(app);
  const { marked } = await update({ clientId: 'other' });
  expect(marked.map(({ needsReason }) => needsReason)).toEqual(['the app has another client id by now']);
});
