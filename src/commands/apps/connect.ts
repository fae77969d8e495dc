import type { Context } from '../../context.ts';
import type { App } from '../../domain/apps/app.ts';
import { type Connected, recordGrant } from '../../domain/apps/authorize.ts';
import { authorizeClient } from '../../domain/apps/client-credentials.ts';
import type { ConsentPlan } from '../../domain/apps/consent.ts';
import { type Arrived, orGiveBack } from '../../domain/apps/give-back.ts';
import { clientOf } from '../../domain/apps/held-tokens.ts';
import type { Provider } from '../../domain/apps/provider.ts';
import { DEFAULT_ACCOUNT, personAt } from '../../domain/apps/reconnect.ts';
import type { Store } from '../../domain/ports/store.ts';
import { Failure } from '../../errors.ts';
import { askForConsent } from './consent.ts';
import { patiently } from './patience.ts';
import { redirectOfApp } from './redirect.ts';
import { takeBack } from './take-back.ts';

/** How somebody wants to consent. */
export interface HowToConsent {
  /** What to call the account where the provider doesn't say. */
  readonly account: string | undefined;
  readonly device: boolean;
  readonly browser: boolean;
  readonly port: number | undefined;
  readonly timeoutMs: number;
}

/** Gets a token for the app itself, with nobody's consent. A signal ends it with `cancelled`, and nothing is stored. */
export async function connectClient(context: Context, app: App, { ask }: ConsentPlan): Promise<Connected> {
  const means = {
    access: await context.operator(),
    random: context.random,
    authorization: await context.authorization(),
  };
  const ledger = await context.ledger('unlocked');
  return context.interruptible((signal) =>
    patiently(context, app, signal, () => authorizeClient(ledger, means, app, ask, signal)),
  );
}

/**
 * Has somebody consent, and stores what came of it. Throws what `askForConsent` and `recordGrant` do. A signal ends it
 * with `cancelled` at any time before it is stored; what came by then, and for whatever reason isn't stored, is given
 * back.
 */
export async function connectPerson(
  context: Context,
  parts: {
    readonly app: App;
    readonly provider: Provider | undefined;
    readonly plan: ConsentPlan;
    readonly wish: HowToConsent;
  },
): Promise<Connected> {
  const { app, provider, plan, wish } = parts;
  // Whatever can't be opened is found before anybody is sent to a browser.
  const access = await context.operator();
  const ledger = await context.ledger('unlocked');
  const authorization = await context.authorization();
  const client = await clientOf(ledger.store, access, app);
  await takeBackFirst(context, ledger.store, app);
  return context.interruptible(async (signal) => {
    const { tokens, redirectUri } = await askForConsent(
      context,
      {
        ...{ authorization, client, scopes: plan.ask, redirect: redirectOfApp(app, provider, wish.port) },
        ...{ browser: wish.browser, device: wish.device || hasOnlyDevice(app), timeoutMs: wish.timeoutMs },
      },
      signal,
    );
    const means = { store: ledger.store, authorization };
    const arrived = { app, client, kind: 'user', account: wish.account, tokens } as const;
    const account = await patiently(context, client, signal, () =>
      orGiveBack(means, arrived, () => accountOf(context, arrived, plan.ask, signal)),
    );
    const habits = provider?.scopes ?? {};
    const consent = { app, kind: 'user', account, asked: plan.ask, tokens, redirectUri, habits } as const;
    return orGiveBack(means, { ...arrived, account }, () =>
      recordGrant(ledger, { access, random: context.random }, consent),
    );
  });
}

/**
 * What is still to be taken back goes first: afterwards its tokens are replaced, and at some providers taking an older
 * token back ends the newer authorization, too.
 */
async function takeBackFirst(context: Context, store: Store, app: App): Promise<void> {
  const pending = (await store.grants.ofApp(app.id)).filter((grant) => grant.revocationPending);
  const failure = await takeBack(
    context,
    pending.map((grant) => ({ app, grant })),
  );
  if (failure !== undefined)
    await context.out.warn(
      `${failure.message}; a consent of the same account replaces what is to be taken back`,
    );
}

function hasOnlyDevice({ server }: App): boolean {
  return server.authorizationEndpoint === null && server.deviceEndpoint !== null;
}

/** Who consented, as the provider says; else what the person calls it. Throws the signal's reason when it is raised. */
async function accountOf(
  context: Context,
  { app, client, tokens, account: said }: Arrived,
  asked: ConsentPlan['ask'],
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const authorization = await context.authorization();
  const named = await authorization
    .identify(client, tokens, asked, { signal })
    .catch(async (error: unknown) => {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      await context.out.warn(`who consented could not be asked: ${error.message}`);
      return undefined;
    });
  signal.throwIfAborted();
  const person = named === undefined ? undefined : personAt(app, named);
  if (person !== undefined && said !== undefined && person !== said)
    await context.out.warn(`it was ${person} who consented, not ${said}`);
  return person ?? said ?? DEFAULT_ACCOUNT;
}
