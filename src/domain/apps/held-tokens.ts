import { Failure } from '../../errors.ts';
import type { Client, HeldTokens, Tokens } from '../ports/authorization.ts';
import type { OperatorAccess } from '../ports/secrets.ts';
import type { Readers, Transaction } from '../ports/store.ts';
import type { Secret } from '../secret.ts';
import type { App, Grant } from './app.ts';
import { ACCESS_TOKEN, CLIENT_SECRET, REFRESH_TOKEN } from './facts.ts';
import { eraseTokens } from './revoke-here.ts';

type Opening = Pick<OperatorAccess, 'open'>;

/**
 * The tokens of a grant, opened. To be read in the transaction that read the grant, or under a lock that keeps them
 * from being replaced in between. Throws `slot_damaged` when what is sealed isn't of the grant's version.
 */
export async function openTokens(readers: Readers, access: Opening, grant: Grant): Promise<HeldTokens> {
  const open = async (field: string): Promise<Secret | undefined> => {
    const sealed = await readers.slots.sealed(grant.id, field);
    if (sealed === undefined) return undefined;
    // A token of before would be a spent one: whoever put it back must not make us use it.
    if (sealed.version !== grant.tokenVersion)
      throw new Failure(
        'slot_damaged',
        `the ${field} of ${grant.id} is not of version ${grant.tokenVersion}`,
      );
    return access.open(sealed);
  };
  const { stamp, redirectUri } = grant;
  return {
    stamp,
    redirectUri,
    accessToken: await open(ACCESS_TOKEN),
    refreshToken: await open(REFRESH_TOKEN),
  };
}

/** Seals the tokens under a version of the grant, and erases those of every other. */
export async function sealTokens(
  tx: Transaction,
  access: Pick<OperatorAccess, 'seal'>,
  { id, version }: { readonly id: string; readonly version: number },
  { accessToken, refreshToken }: Pick<Tokens, 'accessToken' | 'refreshToken'>,
): Promise<void> {
  await eraseTokens(tx, id);
  await tx.write.slots.putSealed(access.seal(accessToken, { record: id, field: ACCESS_TOKEN, version }));
  if (refreshToken === undefined) return;
  await tx.write.slots.putSealed(access.seal(refreshToken, { record: id, field: REFRESH_TOKEN, version }));
}

/** An app with its secret opened: what speaks for it. */
export async function clientOf(readers: Readers, access: Opening, app: App): Promise<Client> {
  const { provider, server, clientId, clientAuth, resource } = app;
  const sealed = clientAuth === 'none' ? undefined : await readers.slots.sealed(app.id, CLIENT_SECRET);
  const secret = sealed && access.open(sealed);
  return { provider, server, clientId, clientAuth, secret, resource };
}
