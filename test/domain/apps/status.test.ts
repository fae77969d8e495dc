import { expect, test } from 'vitest';
import type { Grant } from '../../../src/domain/apps/app.ts';
import { connectionsOf, needOf, statusOfGrant } from '../../../src/domain/apps/status.ts';
import { someApp, someGrant, T0 } from '../../contracts/samples.ts';
import { openAppDesk } from '../../support/app-desk.ts';

const NOW = T0 + 1000;
const app = someApp('ws_1');

test.each<readonly [string, Partial<Grant>, string]>([
  ['a token that lasts', { tokenExpiresAt: NOW + 1 }, 'active'],
  ['a token without an end', { tokenExpiresAt: null, refreshable: false }, 'active'],
  ['a token that ended and can be renewed', { tokenExpiresAt: NOW }, 'active'],
  ['a token that ended and can not', { tokenExpiresAt: NOW, refreshable: false }, 'expired'],
  [
    'the token of a client, which gets another by itself',
    { tokenExpiresAt: NOW, refreshable: false, kind: 'client-credentials' },
    'active',
  ],
  ['a reason to ask again', { needsReason: 'why' }, 'needs-authorization'],
  ['an end here, not yet there', { revokedAt: T0, revocationPending: true }, 'revocation-pending'],
  ['an end here and there', { revokedAt: T0, needsReason: 'why' }, 'revoked'],
])('a grant with %s', (_, change, status) => {
  expect(statusOfGrant(someGrant(app, change), NOW)).toBe(status);
});

test('a refresh that nobody knows the outcome of counts from when the token has ended', () => {
  const [fresh, ended] = [NOW + 1, NOW].map((tokenExpiresAt) => someGrant(app, { tokenExpiresAt }));
  const intent = { grantId: 'g', tokenVersion: 1, sentAt: T0, uncertain: true };
  expect(statusOfGrant(fresh as Grant, NOW, intent)).toBe('active');
  expect(statusOfGrant(ended as Grant, NOW, intent)).toBe('needs-authorization');
  expect(statusOfGrant(ended as Grant, NOW, { ...intent, uncertain: false })).toBe('active');
});

test('apps are listed with every grant, and those without one as not connected', async () => {
  const desk = await openAppDesk();
  const [slack, github] = [await desk.app({ name: 'slack' }), await desk.app()];
  const [ben, ana] = [await desk.grant(github, { account: '@ben', revokedAt: T0 }), await desk.grant(github)];
  await desk.store.write((tx) =>
    tx.write.grants.putIntent({ grantId: ana.id, tokenVersion: 1, sentAt: T0, uncertain: true }),
  );
  const later = (ana.tokenExpiresAt ?? 0) + 1;
  expect(await connectionsOf(desk.store, desk.workspace.id, later)).toEqual([
    { app: github, grant: ana, status: 'needs-authorization' },
    { app: github, grant: ben, status: 'revoked' },
    { app: slack, grant: undefined, status: 'not-connected' },
  ]);
  expect(await connectionsOf(desk.store, 'ws_nothing', later)).toEqual([]);
});

test('there is a reason whenever it must be authorized again, and only then', () => {
  const grant = someGrant(app);
  expect(needOf({ ...grant, needsReason: 'why' }, 'needs-authorization')).toBe('why');
  expect(needOf(grant, 'needs-authorization')).toContain('last refresh');
  expect(needOf(grant, 'expired')).toBeNull();
});
