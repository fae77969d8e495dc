import { beforeEach, expect, test } from 'vitest';
import type { App, Grant } from '../../../src/domain/apps/app.ts';
import { grantEntry } from '../../../src/domain/apps/facts.ts';
import { updateApp } from '../../../src/domain/apps/manage.ts';
import { removeApp } from '../../../src/domain/apps/remove.ts';
import { revokeHere } from '../../../src/domain/apps/revoke-here.ts';
import { change as logged } from '../../../src/domain/audit/change.ts';
import { appFindings } from '../../../src/domain/health/apps.ts';
import { examine } from '../../../src/domain/health/examine.ts';
import type { Readers } from '../../../src/domain/ports/store.ts';
import { Failure } from '../../../src/errors.ts';
import { DAY, someApp, T0 } from '../../contracts/samples.ts';
import { type AppDesk, openAppDesk, openSeals, scopes } from '../../support/app-desk.ts';
import { fakeSealer } from '../../support/fake-ledger.ts';

const NOW = T0 + DAY / 2;
const MINUTE = 60_000;
let desk: AppDesk;
let app: App;
beforeEach(async () => {
  desk = await openAppDesk();
  app = await desk.app();
});
const findings = () => appFindings(desk.store, NOW);
const intent = (grantId: string, sentAt: number, uncertain: boolean) =>
  desk.store.write((tx) => tx.write.grants.putIntent({ grantId, tokenVersion: 1, sentAt, uncertain }));

test('nothing is said of grants that work, and of those that are over', async () => {
  await desk.grant(app);
  await desk.grant(app, { account: '@old', revokedAt: T0, needsReason: 'x' });
  await intent((await desk.grant(app, { account: '@busy' })).id, NOW - MINUTE, false);
  expect(await findings()).toEqual([]);
});

test('a provider that was not told is named, and can be told by fixing', async () => {
  await desk.grant(app, { revokedAt: T0, revocationPending: true });
  expect(await findings()).toMatchObject([
    { code: 'revocation_pending', fixable: true, hint: '{keywright} doctor --fix' },
  ]);
  expect((await findings())[0]?.message).toMatch(/may go on using them$/);
  await desk.store.write((tx) => tx.write.apps.update(app.id, { removedAt: T0 }));
  expect((await findings())[0]?.message).toMatch(/^github @ana is revoked here/);
});

test('what has ended before its provider was told is said to be nothing that anybody could use', async () => {
  const ended = { tokenExpiresAt: NOW, refreshable: false };
  await desk.grant(app, { revokedAt: T0, revocationPending: true, ...ended });
  expect((await findings())[0]?.message).toMatch(/nothing is left to take back$/);
});

test.each([
  ['is said to be uncertain', 0, true],
  ['was left by somebody who is gone', 11 * MINUTE, false],
])('a refresh that %s is named with the way out', async (_, age, uncertain) => {
  await intent((await desk.grant(app)).id, NOW - age, uncertain);
  expect(await findings()).toMatchObject([
    {
      code: 'refresh_uncertain',
      fixable: false,
      hint: expect.stringContaining('apps authorize github --account @ana -w acme'),
    },
  ]);
});

test.each([
  ['was marked', { needsReason: 'the reason' }, 'the reason'],
  [
    'has a token that ended for good',
    { tokenExpiresAt: NOW, refreshable: false },
    'its token has expired, and nothing renews it',
  ],
  ['is of nobody', { authorizedBy: 'zoe' }, 'zoe, who authorized it, is no member'],
])('a grant that %s is named with the reason', async (_, change, why) => {
  await desk.grant(app, change);
  expect(await findings()).toEqual([
    {
      code: 'grant_needs_authorization',
      message: `github @ana must be authorized again: ${why}`,
      hint: '{keywright} apps authorize github --account @ana -w acme',
      fixable: false,
    },
  ]);
});

test('a damaged row is a finding and no crash; anything else is not swallowed', async () => {
  const failing = (error: Error): Readers => ({
    ...desk.store,
    grants: { ...desk.store.grants, revocationsPending: () => Promise.reject(error) },
  });
  const damaged = new Failure('store_damaged', 'grant grant_x was changed');
  expect(await appFindings(failing(damaged), NOW)).toMatchObject([
    { code: 'app_damaged', message: 'grant grant_x was changed', fixable: false },
  ]);
  const gone = new Failure('not_found', 'no grant grant_x');
  expect(await appFindings(failing(gone), NOW)).toMatchObject([{ code: 'app_damaged' }]);
  await expect(appFindings(failing(new Error('a bug')), NOW)).rejects.toThrow('a bug');
});

/** What an examination finds about apps; the desk's members and policy are put into its store without a log. */
async function examined() {
  const { findings: all } = await examine(desk.store, { sealer: fakeSealer(), anchor: undefined, now: NOW });
  return all.filter(({ code }) => code !== 'workspace_differs');
}

/** A grant that the log tells of. */
async function loggedGrant(change: Partial<Grant> = {}): Promise<Grant> {
  const grant = await desk.grant(app, change);
  await logged(desk.ledger, async (_, record) => record(grantEntry('grant.authorize', grant, app)));
  return grant;
}

test('the examination of a store tells them, too', async () => {
  await loggedGrant({ needsReason: 'why' });
  expect((await examined()).map(({ code }) => code)).toEqual(['grant_needs_authorization']);
});

test('what was edited differs also after it was removed: the removal vouches for nothing', async () => {
  await loggedGrant();
  await desk.store.write((tx) => tx.write.apps.update(app.id, { clientId: 'evil' }));
  await removeApp(desk.ledger, { workspaceId: desk.workspace.id, text: app.id });
  expect((await examined()).map(({ code }) => code)).toEqual(['app_differs', 'revocation_pending']);
});

test('a removed app that is still to be taken back is compared, too', async () => {
  await loggedGrant();
  await removeApp(desk.ledger, { workspaceId: desk.workspace.id, text: app.id });
  expect((await examined()).map(({ code }) => code)).toEqual(['revocation_pending']);
  await desk.store.write((tx) => tx.write.apps.update(app.id, { clientId: 'evil' }));
  expect((await examined()).map(({ code }) => code)).toEqual(['app_differs', 'revocation_pending']);
});

test('an app that was edited differs from what the log tells; one that was changed by its use cases does not', async () => {
  const codes = async () =>
    (await examined()).map(({ code, message }) => `${code} ${message.includes('evil')}`);
  const which = { workspaceId: desk.workspace.id, text: app.id };
  await updateApp(desk.ledger, openSeals, which, { allowlist: scopes('repo'), name: 'other' }, {});
  expect(await codes()).toEqual([]);
  await desk.store.write((tx) => tx.write.apps.update(app.id, { clientId: 'evil' }));
  expect(await codes()).toEqual(['app_differs true']);
  await desk.store.write(async (tx) => {
    await tx.write.apps.remove(app.id);
    await tx.write.apps.insert({
      ...{ ...app, allowlist: ['repo'], server: { ...app.server, revocationEndpoint: 'https://evil.test/' } },
    });
  });
  expect(await codes()).toEqual(['app_differs true']);
  await desk.store.write((tx) => tx.write.apps.insert(someApp(desk.workspace.id, { name: 'evil' })));
  expect(await codes()).toEqual(['app_differs true', 'app_differs true']);
});

test.each<[string, Partial<Grant>, Partial<Grant>]>([
  ['may be used again', { needsReason: 'it asks for more than the policy allows' }, { needsReason: null }],
  ['asks for more', {}, { asked: ['repo', 'admin'] }],
  ['was granted more', {}, { granted: ['repo', 'admin'] }],
  ['was authorized by another', {}, { authorizedBy: 'ben' }],
  ['has older tokens', { tokenVersion: 2 }, { tokenVersion: 1 }],
  ['is alive again', { revokedAt: T0 }, { revokedAt: null }],
  ['needs no telling its provider', { revokedAt: T0, revocationPending: true }, { revocationPending: false }],
])('a grant that %s by an edit differs from what the log tells', async (_, before, edit) => {
  const { id } = await loggedGrant(before);
  const differing = async () => (await examined()).filter(({ code }) => code === 'grant_differs');
  expect(await differing()).toEqual([]);
  await desk.store.write((tx) => tx.write.grants.update(id, edit));
  expect(await differing()).toMatchObject([{ message: expect.stringContaining(id), fixable: false }]);
  // That a token went out says nothing about how the grant is to be.
  const edited = (await desk.store.grants.byId(id)) as Grant;
  await logged(desk.ledger, async (_, record) => record(grantEntry('grant.token', edited, app)));
  expect(await differing()).toHaveLength(1);
});

test('a grant that the log does not tell of, or that is gone, differs; one that was taken back does not', async () => {
  const codes = async () => (await examined()).map(({ code }) => code);
  const grant = await loggedGrant();
  await logged(desk.ledger, (tx, record) => revokeHere(tx, record, { app, grant, now: NOW }));
  expect(await codes()).toEqual(['revocation_pending']);
  const stranger = await desk.grant(app, { account: '@eve' });
  expect(await examined()).toMatchObject([
    { code: 'grant_differs', message: expect.stringContaining(stranger.id) },
    { code: 'revocation_pending' },
  ]);
  const without = { ...desk.store, grants: { ...desk.store.grants, all: async () => [] } };
  const { findings: all } = await examine(without, { sealer: fakeSealer(), anchor: undefined, now: NOW });
  expect(all.filter(({ code }) => code === 'grant_differs')).toMatchObject([
    { message: expect.stringContaining('the store does not have it') },
  ]);
});
