import type { Context } from '../../context.ts';
import type { App } from '../../domain/apps/app.ts';
import { givingUp, type Held } from '../../domain/apps/reconnect.ts';
import {
  type AtProvider,
  finishRevocation,
  giveUpRevocation,
  retryPending,
} from '../../domain/apps/revoke.ts';
import type { HealthFinding } from '../../domain/health/examine.ts';
import { Failure } from '../../errors.ts';
import { moment } from '../../terminal/time.ts';
import { hostOf } from './describe.ts';

/** What no revocation does; said with each. */
export const NOT_DELETED = 'data that the app already holds elsewhere is not deleted';

/**
 * Takes revoked grants back at their providers, and says how that went. Gives back the first failure: such a
 * revocation stays pending. That needs the store unlocked; where it can't be, all of them stay so.
 */
export async function takeBack(context: Context, revoked: readonly Held[]): Promise<Failure | undefined> {
  let first: Failure | undefined;
  for (const held of revoked) {
    const host = hostOf(held.app);
    if (!held.grant.revocationPending) {
      // Its tokens are erased here already: there was nobody to send them to.
      await context.out.say(stillValid(held, told({ kind: 'unsupported', page: null }, host), context.now()));
      continue;
    }
    const outcome = await outcomeOf(context, held.grant.id);
    await context.out.say(told(outcome, host));
    if (outcome.kind === 'pending') {
      const giveUp = await givingUp(await context.store(), held.app, held.grant);
      const { code } = outcome.failure;
      const { message, hint } = stillThere(held, outcome.failure, giveUp);
      first ??= new Failure(code, message, { hint, cause: outcome.failure });
    }
  }
  return first;
}

/** Tells nobody, and erases the tokens of revoked grants here. */
export async function giveUp(context: Context, revoked: readonly Held[]): Promise<undefined> {
  for (const held of revoked) {
    await giveUpRevocation(await context.ledger('locked'), held.grant.id);
    await context.out.say(stillValid(held, `${hostOf(held.app)} was not told`, context.now()));
  }
}

async function outcomeOf(context: Context, grantId: string): Promise<AtProvider> {
  try {
    const [access, ledger] = [await context.operator(), await context.ledger('unlocked')];
    const authorization = () => context.authorization();
    return await finishRevocation({ ledger, access, authorization }, grantId);
  } catch (error) {
    if (error instanceof Failure) return { kind: 'pending', failure: error };
    throw error;
  }
}

/** Tries every pending revocation again, of apps that weren't edited: what was done, and what is left to do. */
export async function takeBackPending(
  context: Context,
  isEdited: (app: App) => boolean,
): Promise<{ readonly mended: readonly string[]; readonly left: readonly HealthFinding[] }> {
  const [access, ledger] = [await context.operator(), await context.ledger('unlocked')];
  const taking = { ledger, access, authorization: () => context.authorization() };
  const retried = await retryPending(taking, isEdited);
  const mended: string[] = [];
  const left: HealthFinding[] = [];
  for (const { app, grant, outcome } of retried) {
    const line = told(outcome, hostOf(app));
    if (outcome.kind !== 'pending') mended.push(`${app.name} ${grant.account}: ${line}`);
    else {
      const giveUp = await givingUp(ledger.store, app, grant);
      left.push({ code: 'revocation_pending', ...stillThere({ app, grant }, outcome.failure, giveUp) });
    }
  }
  return { mended, left };
}

function told(outcome: AtProvider, host: string): string {
  switch (outcome.kind) {
    case 'revoked':
      return `taken back at ${host}`;
    case 'unsupported':
      return `${host} has no way to take it back${outcome.page === null ? '' : `: do it at ${outcome.page}`}`;
    case 'none':
      return `nothing is left to take back at ${host}`;
    case 'pending':
      return `not taken back at ${host} yet`;
  }
}

/** What is left of a grant whose provider isn't told, behind `line`, which says so. */
function stillValid({ app, grant }: Held, line: string, now: number): string {
  const end = grant.tokenExpiresAt;
  const until = end === null ? 'until it ends there' : `until ${moment(end, now)}`;
  return end !== null && end <= now
    ? line
    : `${line}: whoever has the token of ${app.name} can use it ${until}`;
}

/** Trying again helps with all but an app that is not any more what its tokens are for. */
function stillThere({ app, grant }: Held, cause: Failure, giveUp: string) {
  const where = `revoked here, and not yet at ${hostOf(app)}`;
  const message = `${app.name} ${grant.account} is ${where}: ${cause.message}`;
  return cause.code === 'authorization_mismatch'
    ? { message, hint: giveUp, fixable: false }
    : { message: `${message}; to give it up: ${giveUp}`, hint: '{keywright} doctor --fix', fixable: true };
}
