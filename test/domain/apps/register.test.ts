import { describe, expect, test } from 'vitest';
import { openClientSecret } from '../../../src/domain/apps/bound.ts';
import { CLIENT_SECRET } from '../../../src/domain/apps/facts.ts';
import {
  byHand,
  clientAuthFor,
  fromIssuer,
  fromProvider,
  fromResource,
} from '../../../src/domain/apps/source.ts';
import type { ResourceDiscovery } from '../../../src/domain/ports/authorization.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { github } from '../../../src/oauth/providers/github.ts';
import { someIntegration, someServer, T0 } from '../../contracts/samples.ts';
import { BY_HAND, openAppDesk, openSeals, scopes } from '../../support/app-desk.ts';
import { failureOf } from '../../support/fake-ledger.ts';

describe('registering', () => {
  test('stores the app with its secret sealed, and says so without it', async () => {
    const desk = await openAppDesk();
    const app = await desk.app({ allowlist: scopes('repo', 'admin:org'), redirectPort: 41873 });
    expect(app).toEqual({
      ...{
        id: expect.stringMatching(/^app_[0-9A-Za-z]{12}$/),
        workspaceId: desk.workspace.id,
        name: 'github',
      },
      ...{ provider: null, resource: null, server: BY_HAND.server, clientId: 'id' },
      ...{ clientAuth: 'client_secret_basic', registration: 'by-hand', allowlist: ['repo', 'admin:org'] },
      ...{
        redirectPort: 41873,
        integrationId: null,
        createdAt: desk.clock.at,
        createdBy: 'ana',
        removedAt: null,
      },
    });
    expect(await desk.store.apps.byId(app.id)).toEqual(app);
    expect(await desk.sealedOf(app.id)).toMatchObject([{ field: CLIENT_SECRET, version: 1 }]);
    const entry = (await desk.log()).at(-1);
    expect(entry).toMatchObject({
      action: 'app.register',
      target: app.id,
      facts: {
        name: 'github',
        client_secret: true,
        bound_to: '- https://as.test',
        allowlist: ['repo', 'admin:org'],
      },
    });
    expect(JSON.stringify(entry)).not.toContain('s3cret');
  });

  test('a public client has an empty secret, sealed for what it is bound to', async () => {
    const desk = await openAppDesk();
    const app = await desk.app({ secret: undefined });
    expect(app.clientAuth).toBe('none');
    expect(await desk.sealedOf(app.id)).toMatchObject([{ field: CLIENT_SECRET, version: 1 }]);
    expect(await openClientSecret(desk.store, openSeals, app)).toBeUndefined();
  });

  test('is for those who may connect apps', async () => {
    const desk = await openAppDesk();
    expect((await desk.app({ name: 'own' }, 'ben')).createdBy).toBe('ben');
    for (const who of ['vic', 'eve'])
      expect(await failureOf(() => desk.app({}, who))).toMatchObject({ code: 'forbidden' });
    await desk.policy({ connectApps: 'admin' });
    expect(await failureOf(() => desk.app({}, 'ben'))).toMatchObject({ code: 'forbidden' });
    expect((await desk.store.apps.all()).map(({ name }) => name)).toEqual(['own']);
  });

  test('takes a name once, and no archived workspace', async () => {
    const desk = await openAppDesk();
    await desk.app();
    expect(await failureOf(() => desk.app())).toMatchObject({ code: 'exists' });
    expect(await desk.store.slots.allSealed()).toHaveLength(1);
    await desk.store.write((tx) => tx.write.workspaces.setArchived(desk.workspace.id, T0));
    expect(await failureOf(() => desk.app({ name: 'other' }))).toMatchObject({ code: 'wrong_state' });
  });

  test('binds to an integration that is configured, and to no other', async () => {
    const desk = await openAppDesk();
    const [draft, ready] = ['draft', 'ready'].map((name, n) =>
      someIntegration(desk.workspace.id, { name, configuredAt: n === 0 ? null : T0 }),
    );
    await desk.store.write(async (tx) => {
      for (const one of [draft, ready]) if (one !== undefined) await tx.write.integrations.insert(one);
    });
    expect((await desk.app({ integration: 'ready' })).integrationId).toBe(ready?.id);
    expect(await failureOf(() => desk.app({ name: 'b', integration: 'draft' }))).toMatchObject({
      code: 'wrong_state',
    });
    expect(await failureOf(() => desk.app({ name: 'b', integration: 'no' }))).toMatchObject({
      code: 'not_found',
    });
  });
});

describe('what is known of the server', () => {
  test('comes from a provider, an issuer or a resource', () => {
    expect(fromProvider(github)).toMatchObject({
      provider: 'github',
      resource: null,
      server: { tokenEndpoint: github.tokenEndpoint, authorizationEndpoint: github.authorizationEndpoint },
    });
    const found: ResourceDiscovery = {
      ...{ server: someServer(), registrationEndpoint: null, takesMetadataDocuments: false, scopes: [] },
      ...{ clientAuth: ['none'], resource: 'https://api.test/mcp' },
    };
    expect(fromIssuer(found)).toEqual({
      provider: null,
      resource: null,
      server: someServer(),
      offered: ['none'],
    });
    expect(fromResource(found)).toMatchObject({ provider: null, resource: 'https://api.test/mcp' });
  });

  test.each([
    'http://as.test/t',
    'ftp://as.test',
    'https://u:p@as.test/',
    'https://as.test/#x',
    'as.test',
    '',
  ])('a typed endpoint %j is refused', async (token) => {
    expect(await failureOf(() => byHand({ token }))).toMatchObject({ code: 'usage' });
    const typed = { token: 'https://as.test/t', revocation: token };
    expect((await failureOf(() => byHand(typed))).message).toMatch(/^the revocation endpoint /);
  });

  test('a server that takes only one way of authenticating gets that', async () => {
    const secretOnly = { offered: ['client_secret_post'] } as const;
    expect(clientAuthFor(secretOnly, true)).toBe('client_secret_post');
    expect(await failureOf(() => clientAuthFor(secretOnly, false))).toMatchObject({ code: 'usage' });
    expect(clientAuthFor({ offered: ['none'] }, false)).toBe('none');
    expect(await failureOf(() => clientAuthFor({ offered: ['none'] }, true))).toMatchObject({
      code: 'usage',
    });
    expect(clientAuthFor(BY_HAND, true)).toBe('client_secret_basic');
  });

  test('a secret for a server that takes none is refused before anything is stored', async () => {
    const desk = await openAppDesk();
    const source = { ...BY_HAND, offered: ['none'] as const };
    const failure = await failureOf(() => desk.app({ source, secret: new Secret('x') }));
    expect(failure.code).toBe('usage');
    expect(await desk.store.apps.all()).toEqual([]);
  });
});
