import { joinScopes, type ProviderScope } from '../domain/apps/scopes.ts';
import type { Client, Tokens } from '../domain/ports/authorization.ts';
import type { OAuthDeps } from './deps.ts';
import { tokenStep } from './token-step.ts';

/** See `Authorization.clientCredentials`. */
export async function clientCredentials(
  deps: OAuthDeps,
  client: Client,
  scopes: readonly ProviderScope[],
): Promise<Tokens> {
  const { lib, config, habits, run } = await tokenStep(deps, client, { purpose: 'client-credentials' });
  const tokens = await run(() =>
    lib.clientCredentialsGrant(config, {
      ...(scopes.length === 0 ? {} : { scope: joinScopes(scopes, habits.scopes.asked) }),
      ...(client.resource === null ? {} : { resource: client.resource }),
    }),
  );
  // RFC 6749 section 4.4.3: there should be none.
  return { ...tokens, refreshToken: undefined };
}
