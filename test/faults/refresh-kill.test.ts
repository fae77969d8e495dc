import { describe, expect, test } from 'vitest';
import type { Session } from '../peers/fixtures/session.ts';
import type { Ran } from '../support/run-program.ts';
import {
  allAtWork,
  consentAgain,
  expire,
  expiredGrant,
  isAlive,
  needToken,
  TOKEN,
  until,
} from './fixtures/expired-grant.ts';
import { type Call, callsOf, killedAt, straceMissing } from './strace.ts';

const untraceable = straceMissing(process.env);
const MANY = 20;

/** What the next process makes of it: the new token, or that nobody knows. */
async function next(session: Session, sent: number): Promise<'token' | 'uncertain'> {
  const { shell, provider } = session;
  const before = provider.tokenRequests();
  const ran: Ran = await shell.run(TOKEN);
  expect(await isAlive(session), 'a spent token was used').toBe(true);
  if (ran.code === 0) {
    expect((await provider.introspect(ran.stdout.trim())).active).toBe(true);
    expect(provider.tokenRequests()).toBe(sent + 1);
    return 'token';
  }
  expect(ran).toMatchObject({ code: 8, stdout: '', stderr: expect.stringContaining('is uncertain') });
  expect(ran.stderr).toContain('--retry-uncertain');
  expect(provider.tokenRequests()).toBe(before);
  return 'uncertain';
}

describe('★ a process is killed on its way from the request to the stored answer (case 132)', () => {
  test('one of 20, which has sent it: the others say so and send nothing, and the login stays', async () => {
    const session = await expiredGrant();
    const { provider, shell } = session;
    const answers = Promise.withResolvers<void>();
    provider.set({ hold: answers.promise });
    const first = needToken(session);
    await until(() => provider.exchanges.length === 2);
    const others = Array.from({ length: MANY - 1 }, () => needToken(session));
    if (process.platform === 'linux') await allAtWork(session, others);
    first.child.kill('SIGKILL');
    const ran = await Promise.all(others.map((other) => other.ran));
    answers.resolve();
    expect(ran.filter(({ code, stderr }) => code !== 8 || !stderr.includes('is uncertain'))).toEqual([]);
    expect(provider.tokenRequests()).toBe(2);
    expect(await isAlive(session)).toBe(true);
    // The one way on besides a new consent; the provider did carry it out, so it ends the grant, as was said.
    const again = await shell.run([...TOKEN, '--retry-uncertain']);
    expect([again.code, again.stderr]).toEqual([8, expect.stringContaining('invalid_grant')]);
    await consentAgain(session);
    expect((await shell.run(TOKEN)).code).toBe(0);
  });

  test.skipIf(untraceable !== undefined)(
    `at each kind of write: the new token is there, or it is uncertain${untraceable ? ` (skipped: ${untraceable})` : ''}`,
    async () => {
      const session = await expiredGrant();
      const { calls } = await callsOf(session.shell, TOKEN);
      const found: string[] = [];
      for (const call of turningPoints(calls)) {
        expire(session);
        const sent = session.provider.tokenRequests();
        const killed = await killedAt(session.shell, TOKEN, call);
        expect([call, killed.signal]).toEqual([call, 'SIGKILL']);
        const outcome = await next(session, sent);
        found.push(`${call.name} ${call.nth}: ${outcome}`);
        if (outcome === 'uncertain') await consentAgain(session);
      }
      expect(found.join('\n')).toMatch(/token/);
      expect(found.join('\n')).toMatch(/uncertain/);
    },
  );
});

/** From the first write to the journal of the database on: whatever is no page, and the first page after that. */
function turningPoints(calls: readonly Call[]): readonly Call[] {
  const isPage = (call: Call | undefined): boolean => call?.name === 'pwrite64';
  const first = calls.findIndex(({ name, rest }) => name === 'pwrite64' && rest.includes('-wal>'));
  const told = calls.findIndex(({ name, rest }) => name === 'write' && rest.startsWith('(1<'));
  expect(first).toBeGreaterThan(0);
  expect(told).toBeGreaterThan(first);
  return calls
    .slice(first, told + 1)
    .filter((call, i, all) => i === 0 || !isPage(call) || !isPage(all[i - 1]));
}
