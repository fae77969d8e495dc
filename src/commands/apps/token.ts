import type { Context } from '../../context.ts';
import type { App } from '../../domain/apps/app.ts';
import { findGrant } from '../../domain/apps/find.ts';
import { DEFAULT_MIN_VALID } from '../../domain/apps/freshness.ts';
import { type FreshToken, tokenKeeper } from '../../domain/apps/tokens.ts';
import { Secret } from '../../domain/secret.ts';
import { Failure } from '../../errors.ts';
import { age, rfc3339 } from '../../terminal/time.ts';
import type { Command } from '../command.ts';
import { WORKSPACE } from '../options.ts';
import { ACCOUNT, APP, oneApp } from './which.ts';

export const token: Command = {
  name: 'token',
  summary: 'print a valid access token, renewed when it is about to end',
  details:
    'Any number of processes that need the same token make one request. In the logs of GitHub Actions and Azure Pipelines it is hidden first.',
  arguments: [APP],
  options: [
    WORKSPACE,
    ACCOUNT,
    {
      flags: '--min-valid <duration>',
      about: `how long it must last (default: ${DEFAULT_MIN_VALID / 60_000}m, or what is left when it can't be renewed)`,
    },
    { flags: '--header', about: 'print it as a header, for curl -H @-' },
    {
      flags: '--retry-uncertain',
      about: 'send a refresh token once more, though its last use was never answered',
    },
  ],
  examples: [
    'apps token github',
    'apps token github --header | curl -H @- https://api.github.com/user',
    'apps token google --account a@x.io --min-valid 30m --json',
  ],
  async run(context, input) {
    const request = {
      minValidMs: input.shortDuration('minValid'),
      retryUncertain: input.flag('retryUncertain'),
    };
    if (input.flag('header') && context.out.audience === 'json')
      throw new Failure('usage', 'give --header or --json, not both');
    const store = await context.store();
    const { app } = await oneApp(context, store, input);
    const grant = await findGrant(store, app, input.text('account'));
    const fresh = await (await keeperOf(context)).fresh(grant.id, request);
    await handOut(context, app, fresh, input.flag('header'));
    await sayIfShort(context, app, fresh, request.minValidMs);
    return undefined;
  },
};

async function keeperOf(context: Context) {
  const [access, ledger] = [await context.operator(), await context.ledger('unlocked')];
  return tokenKeeper({
    ...{ access, ledger },
    authorization: () => context.authorization(),
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    unbroken: (work) =>
      context.interruptible(async (signal) => {
        const result = await work();
        signal.throwIfAborted();
        return result;
      }),
  });
}

/** A wish that nothing of that provider meets, or nobody knows whether it does, is met as far as can be, and said. */
async function sayIfShort(
  { out, now }: Context,
  app: App,
  { grant, unrenewed }: FreshToken,
  minValidMs: number | undefined,
): Promise<void> {
  const { tokenExpiresAt } = grant;
  if (unrenewed !== undefined) return;
  if (tokenExpiresAt === null) {
    if ((minValidMs ?? 0) > 0)
      await out.warn(`nobody knows when this token ends: ${app.name} doesn't say how long its tokens live`);
    return;
  }
  const left = tokenExpiresAt - now();
  if (left <= 0) await out.warn(`tokens of ${app.name} have ended when they come: this one did`);
  else if (minValidMs !== undefined && left < minValidMs)
    await out.warn(
      `tokens of ${app.name} don't live as long as --min-valid asks: this one ends ${age(tokenExpiresAt, now())}`,
    );
}

async function handOut(
  context: Context,
  app: App,
  { accessToken, grant, unrenewed }: FreshToken,
  header: boolean,
): Promise<void> {
  const { out } = context;
  const { tokenExpiresAt } = grant;
  if (unrenewed !== undefined) {
    const end = tokenExpiresAt === null ? '' : `; this token ends ${age(tokenExpiresAt, context.now())}`;
    await out.warn(`${app.name} could not be renewed: ${unrenewed.message}${end}`);
    if (unrenewed.hint !== undefined) await out.hint(unrenewed.hint);
  }
  await out.beforeSecret(accessToken);
  if (out.audience !== 'json')
    return out.secret(header ? new Secret(`Authorization: Bearer ${accessToken.reveal()}`) : accessToken);
  await out.json({
    access_token: accessToken.reveal(),
    token_type: 'Bearer',
    expires_at: tokenExpiresAt === null ? null : rfc3339(tokenExpiresAt),
    scopes: grant.granted,
    app: app.name,
    account: grant.account,
  });
}
