import { Failure } from '../../errors.ts';
import type { Client, HeldTokens, Tokens } from '../ports/authorization.ts';
import type { OperatorAccess } from '../ports/secrets.ts';
import type { Readers, Transaction } from '../ports/store.ts';
import type { Secret } from '../secret.ts';
import type { App } from './app.ts';
import { bindingOf, openBound, openClientSecret, sealBound } from './bound.ts';
import { ACCESS_TOKEN, REFRESH_TOKEN } from './facts.ts';
import type { Held } from './reconnect.ts';
import { eraseTokens } from './revoke-here.ts';

type Opening = Pick<OperatorAccess, 'open'>;

/**
 * The tokens of a grant, opened. To be read in the transaction that read the grant, or under a lock that keeps them
 * from being replaced in between. Throws `slot_damaged` when what is sealed isn't of the grant's version, and
 * `authorization_mismatch` when it was sealed for another server than the app has now.
 */
export async function openTokens(
  readers: Readers,
  access: Opening,
  { app, grant }: Held,
): Promise<HeldTokens> {
  const binding = bindingOf(app);
  const open = async (field: string): Promise<Secret | undefined> => {
    const sealed = await readers.slots.sealed(grant.id, field);
    if (sealed === undefined) return undefined;
    // A token of before would be a spent one: whoever put it back must not make us use it.
    if (sealed.version !== grant.tokenVersion)
      throw new Failure(
        'slot_damaged',
        `the ${field} of ${grant.id} is not of version ${grant.tokenVersion}`,
      );
    return openBound(access, sealed, app, binding);
  };
  const { stamp, redirectUri } = grant;
  return {
    stamp,
    redirectUri,
    accessToken: await open(ACCESS_TOKEN),
    refreshToken: await open(REFRESH_TOKEN),
  };
}

/** Seals the tokens under a version of the grant, for the server of `app` alone, and erases those of every other. */
export async function sealTokens(
  tx: Transaction,
  access: Pick<OperatorAccess, 'seal'>,
  { app, id, version }: { readonly app: App; readonly id: string; readonly version: number },
  { accessToken, refreshToken }: Pick<Tokens, 'accessToken' | 'refreshToken'>,
): Promise<void> {
  await eraseTokens(tx, id);
  const binding = bindingOf(app);
  const put = (field: string, token: Secret): Promise<void> =>
    tx.write.slots.putSealed(sealBound(access, token, { record: id, field, version }, binding));
  await put(ACCESS_TOKEN, accessToken);
  if (refreshToken !== undefined) await put(REFRESH_TOKEN, refreshToken);
}

/** An app with its secret opened: what speaks for it. Throws `authorization_mismatch` when the app was edited. */
export async function clientOf(readers: Readers, access: Opening, app: App): Promise<Client> {
  const { provider, server, clientId, clientAuth, resource } = app;
  const secret = await openClientSecret(readers, access, app);
  return { provider, server, clientId, clientAuth, secret, resource };
}
