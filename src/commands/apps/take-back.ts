import type { Context } from '../../context.ts';
import type { Held } from '../../domain/apps/reconnect.ts';
import { type AtProvider, finishRevocation, retryPending } from '../../domain/apps/revoke.ts';
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
      await context.out.say(stillValid(held, host, context.now()));
      continue;
    }
    const outcome = await outcomeOf(context, held.grant.id);
    await context.out.say(told(outcome, host));
    if (outcome.kind === 'pending') first ??= stillThere(held, host, outcome.failure);
  }
  return first;
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

/** Tries every pending revocation again: what was done about them, and what is left to do. */
export async function takeBackPending(
  context: Context,
): Promise<{ readonly mended: readonly string[]; readonly left: readonly HealthFinding[] }> {
  const [access, ledger] = [await context.operator(), await context.ledger('unlocked')];
  const retried = await retryPending({ ledger, access, authorization: () => context.authorization() });
  const mended: string[] = [];
  const left: HealthFinding[] = [];
  for (const { app, grant, outcome } of retried) {
    const line = told(outcome, hostOf(app));
    if (outcome.kind !== 'pending') mended.push(`${app.name} ${grant.account}: ${line}`);
    else {
      const message = stillThere({ app, grant }, hostOf(app), outcome.failure).message;
      const hint = '{keywright} doctor --fix';
      left.push({ code: 'revocation_pending', message, hint, fixable: true });
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

/** What is left of a grant whose provider can't be told. */
function stillValid({ app, grant }: Held, host: string, now: number): string {
  const line = told({ kind: 'unsupported', page: null }, host);
  const end = grant.tokenExpiresAt;
  const until = end === null ? 'until it ends there' : `until ${moment(end, now)}`;
  return end !== null && end <= now
    ? line
    : `${line}: whoever has the token of ${app.name} can use it ${until}`;
}

function stillThere({ app, grant }: Held, host: string, cause: Failure): Failure {
  const message = `${app.name} ${grant.account} is revoked here, and not yet at ${host}: ${cause.message}`;
  return new Failure(cause.code, message, { hint: 'to try again there: {keywright} doctor --fix', cause });
}
