import type { Ledger } from '../audit/change.ts';
import type { Authorization } from '../ports/authorization.ts';
import type { OperatorAccess } from '../ports/secrets.ts';
import type { Random } from '../ports/system.ts';
import type { App } from './app.ts';
import { type Connected, recordGrant } from './authorize.ts';
import { orGiveBack } from './give-back.ts';
import { clientOf } from './held-tokens.ts';
import { CLIENT_ACCOUNT } from './reconnect.ts';
import type { ProviderScope } from './scopes.ts';

/**
 * Gets a token for the app itself, with nobody's consent (RFC 6749 section 4.4), and stores it as a grant. Throws
 * `provider_failed` and its like when the server gives none; nothing is stored then. A signal that is raised before the
 * token is stored is thrown as its reason, and the token given back.
 */
export async function authorizeClient(
  ledger: Ledger,
  means: {
    readonly access: Pick<OperatorAccess, 'seal' | 'open'>;
    readonly random: Random;
    readonly authorization: Authorization;
  },
  app: App,
  asked: readonly ProviderScope[],
  signal?: AbortSignal,
): Promise<Connected> {
  const { access, authorization } = means;
  const { store } = ledger;
  const client = await clientOf(store, access, app);
  const tokens = await authorization.clientCredentials(client, asked);
  const habits = authorization.findProvider(app.provider ?? '')?.scopes ?? {};
  const own = { app, kind: 'client-credentials', account: CLIENT_ACCOUNT, tokens } as const;
  return orGiveBack({ store, authorization }, { ...own, client }, async () => {
    signal?.throwIfAborted();
    return recordGrant(ledger, means, { ...own, asked, redirectUri: null, habits });
  });
}
