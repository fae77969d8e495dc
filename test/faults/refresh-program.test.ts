import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Session } from '../peers/fixtures/session.ts';
import type { Ran } from '../support/run-program.ts';
import { allAtWork, expiredGrant, isAlive, needToken, TOKEN } from './fixtures/expired-grant.ts';

const MANY = 20;
const WITHOUT_LOCK = {
  NODE_OPTIONS: `--require=${join(import.meta.dirname, 'fixtures/without-lock.cjs')}`,
};

/** Starts that many, lets the provider answer nobody until all of them are at work, and has them end. */
async function atOnce(
  session: Session,
  argv: readonly string[],
  env: { readonly [name: string]: string } = {},
): Promise<readonly Ran[]> {
  const answers = Promise.withResolvers<void>();
  session.provider.set({ hold: answers.promise });
  const running = Array.from({ length: MANY }, () => needToken(session, argv, env));
  await allAtWork(session, running);
  answers.resolve();
  return Promise.all(running.map(({ ran }) => ran));
}

const refreshes = ({ provider }: Session): number => provider.tokenRequests() - 1;

describe.skipIf(process.platform !== 'linux')('★ 20 processes that need one expired token (case 125)', () => {
  test('send one request, each has the token, and the grant lives', async () => {
    const session = await expiredGrant();
    const ran = await atOnce(session, TOKEN);
    expect(ran.filter(({ code }) => code !== 0)).toEqual([]);
    const tokens = new Set(ran.map(({ stdout }) => stdout.trim()));
    expect([tokens.size, refreshes(session)]).toEqual([1, 1]);
    expect((await session.provider.introspect([...tokens][0] ?? '')).active).toBe(true);
    expect(await isAlive(session)).toBe(true);
  });

  test('broken variant: without the lock not everybody has one, though the journal saves the grant', async () => {
    const session = await expiredGrant();
    const ran = await atOnce(session, TOKEN, WITHOUT_LOCK);
    expect(ran.filter(({ code }) => code === 8).length).toBeGreaterThan(0);
    expect([refreshes(session), await isAlive(session)]).toEqual([1, true]);
  });

  test('broken variant: without lock and journal the provider ends the grant', async () => {
    const session = await expiredGrant();
    await atOnce(session, [...TOKEN, '--retry-uncertain'], WITHOUT_LOCK);
    expect(refreshes(session)).toBeGreaterThan(1);
    expect(await isAlive(session)).toBe(false);
  });
});
