import { expect, test } from 'vitest';
import { safeUrl, stampOf } from '../../../src/domain/apps/app.ts';
import { serverOf } from '../../../src/domain/apps/provider.ts';
import { PROVIDERS } from '../../../src/oauth/providers/all.ts';

test.each(PROVIDERS.map((provider) => [provider.name, provider] as const))(
  'what an app of %s stores',
  (_, provider) => {
    const server = serverOf(provider);
    const { authorizationEndpoint, tokenEndpoint, deviceEndpoint, revocationEndpoint } = server;
    for (const url of [authorizationEndpoint, tokenEndpoint, deviceEndpoint, revocationEndpoint]) {
      if (url !== null) expect(safeUrl(url)).toMatchObject({ href: url, protocol: 'https:' });
    }
    expect(stampOf(server)).toContain(new URL(tokenEndpoint).origin);
    expect(server.issuer).toBe(provider.issuer ?? null);
    expect(revocationEndpoint === null).toBe(provider.revocation.kind !== 'rfc7009');
  },
);

test('no two providers have the same stamp', () => {
  expect(new Set(PROVIDERS.map((provider) => stampOf(serverOf(provider)))).size).toBe(PROVIDERS.length);
});
