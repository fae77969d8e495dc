import { beforeEach, describe, expect, test } from 'vitest';
import type { App, ServerFacts } from '../../../src/domain/apps/app.ts';
import { bindingOf, openClientSecret } from '../../../src/domain/apps/bound.ts';
import { clientOf, openTokens } from '../../../src/domain/apps/held-tokens.ts';
import { type AppDesk, openAppDesk, openSeals } from '../../support/app-desk.ts';
import { failureOf } from '../../support/fake-ledger.ts';

let desk: AppDesk;
let app: App;
beforeEach(async () => {
  desk = await openAppDesk();
  app = await desk.app();
});

const EVIL = 'https://evil.test/';
const SERVERS: readonly Partial<ServerFacts>[] = [
  { issuer: EVIL },
  { authorizationEndpoint: EVIL },
  { tokenEndpoint: EVIL },
  // On the same origin, so that the stamp beside it still fits.
  { tokenEndpoint: 'https://as.test/other-tenant/token' },
  { deviceEndpoint: EVIL },
  { revocationEndpoint: EVIL },
  { revocationEndpoint: null },
  { userinfoEndpoint: EVIL },
  { jwksUri: EVIL },
  { issInResponse: true },
  { openid: true },
  { idTokenAlgorithms: ['ES256'] },
];
const EDITS = [
  ...SERVERS.map(
    (server) =>
      (one: App): App => ({ ...one, server: { ...one.server, ...server } }),
  ),
  (one: App): App => ({ ...one, provider: 'github' }),
  (one: App): App => ({ ...one, resource: EVIL }),
];

describe('what is sealed of an app opens for nothing but what it was sealed for', () => {
  test.each(EDITS)('edit %#', async (edit) => {
    const grant = await desk.grant(app);
    const edited = edit(app);
    const expected = { code: 'authorization_mismatch', hint: '{keywright} doctor' };
    expect(await failureOf(() => clientOf(desk.store, openSeals, edited))).toMatchObject(expected);
    expect(await failureOf(() => openTokens(desk.store, openSeals, { app: edited, grant }))).toMatchObject(
      expected,
    );
    expect((await clientOf(desk.store, openSeals, app)).secret?.reveal()).toBe('s3cret');
    expect((await openTokens(desk.store, openSeals, { app, grant })).accessToken?.reveal()).toContain('@ana');
  });

  test('a client secret for no other client id, tokens for any of their app', async () => {
    const other = { ...app, clientId: 'other' };
    expect(await failureOf(() => openClientSecret(desk.store, openSeals, other))).toMatchObject({
      code: 'authorization_mismatch',
    });
    expect(bindingOf(other)).toBe(bindingOf(app));
  });

  test('an app without anything sealed was put there by somebody else', async () => {
    await desk.store.write((tx) => tx.write.slots.removeSealed(app.id, 'client_secret'));
    expect(await failureOf(() => clientOf(desk.store, openSeals, app))).toMatchObject({
      code: 'authorization_mismatch',
    });
  });

  test('what else can be changed of an app changes nothing', async () => {
    const changed: App = {
      ...app,
      name: 'x',
      allowlist: [],
      redirectPort: 1,
      clientAuth: 'client_secret_post',
    };
    expect((await clientOf(desk.store, openSeals, changed)).secret?.reveal()).toBe('s3cret');
  });
});
