import type { Authorization, Client, HeldTokens, Tokens } from '../ports/authorization.ts';
import type { Readers } from '../ports/store.ts';
import { type App, type Grant, stampOf } from './app.ts';

/**
 * Gives tokens back at their server that came and that nobody is going to use: they must not stay alive there, unknown
 * to everybody. As well as it can be done; what went wrong before is what is said. Never throws.
 */
export async function giveBack(
  authorization: Pick<Authorization, 'revoke'>,
  client: Client,
  tokens: Pick<HeldTokens, 'accessToken' | 'refreshToken'>,
): Promise<void> {
  const { accessToken, refreshToken } = tokens;
  const held = { stamp: stampOf(client.server), redirectUri: null, accessToken, refreshToken };
  await authorization.revoke(client, held).catch(() => undefined);
}

/** Tokens that came and are in no store yet. */
export interface Arrived {
  readonly app: App;
  readonly client: Client;
  readonly kind: Grant['kind'];
  /** Undefined: nobody knows yet whose they are. */
  readonly account: string | undefined;
  readonly tokens: Tokens;
}

/**
 * Runs the next step on the way of tokens into the store, and gives them back when it fails; throws what it threw. Not
 * given back are those that may be of an authorization that is here and lives: with one token Google, GitHub and others
 * end all that the account granted to the client, so a consent that is refused here would end what others rely on.
 */
export async function orGiveBack<T>(
  { store, authorization }: { readonly store: Readers; readonly authorization: Authorization },
  arrived: Arrived,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(await mayBeHeld(store, arrived))) await giveBack(authorization, arrived.client, arrived.tokens);
    throw error;
  }
}

async function mayBeHeld(store: Readers, { app, kind, account }: Arrived): Promise<boolean> {
  const grants = await store.grants.ofApp(app.id).catch(() => []);
  return grants.some(
    (grant) =>
      grant.revokedAt === null && grant.kind === kind && (account ?? grant.account) === grant.account,
  );
}
