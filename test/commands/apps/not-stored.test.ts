import { describe, expect, test } from 'vitest';
import type { Switches } from '../../support/stub-authorization-server/switches.ts';
import { SILENCE } from '../../support/transcript-process.ts';
import { AUTHORIZE, atTerminal, connectable, type Session } from './fixtures/person.ts';

/** The prefixes of the tokens that were given back, in their order: the stub's are `rt_…` and `at_…`. */
const givenBack = ({ stub }: Session): readonly string[] =>
  stub.requests.flatMap(({ endpoint, form }) =>
    endpoint === 'revoke' ? [form.get('token')?.slice(0, 3) ?? ''] : [],
  );

const BOTH = ['rt_', 'at_'];

/** Runs it, and does something once the server was asked at this endpoint. */
async function whileAsked(
  session: Session,
  endpoint: string,
  then: (raise: () => void) => unknown,
  argv: readonly string[] = AUTHORIZE,
) {
  const listeners = new Map<string, () => void>();
  const ran = atTerminal(session, argv, {
    answers: [SILENCE],
    on: (proc) =>
      Object.assign(proc, { on: (name: string, listener: () => void) => listeners.set(name, listener) }),
  });
  while (!session.stub.requests.some((request) => request.endpoint === endpoint))
    await new Promise((resolve) => setTimeout(resolve, 5));
  await then(() => listeners.get('SIGINT')?.());
  return ran;
}

const notConnected = async ({ shell }: Session): Promise<void> =>
  expect(await shell.answer(['apps', 'list'])).toContain('not-connected');

describe('Ctrl-C', () => {
  test('while the code is exchanged: its answer is awaited and given back, and that is said', async () => {
    const held = Promise.withResolvers<void>();
    const session = await connectable({ answers: { token: { kind: 'hold', until: held.promise } } });
    const ran = await whileAsked(session, 'token', (raise) => {
      raise();
      setTimeout(held.resolve, 700);
    });
    expect(ran).toMatchObject({ code: 130, stdout: '' });
    expect(ran.stderr).toMatch(
      /waiting for the answer of 127\.0\.0\.1:\d+; nothing of it is stored\n.*: cancelled\n$/,
    );
    expect(givenBack(session)).toEqual(BOTH);
    await notConnected(session);
  });

  test('while the account is asked for: at once, and what came is given back', async () => {
    const session = await connectable({ answers: { userinfo: { kind: 'silence' } } });
    const ran = await whileAsked(session, 'userinfo', (raise) => raise());
    expect([ran.code, ran.stderr]).toEqual([130, expect.stringMatching(/: cancelled\n$/)]);
    expect(givenBack(session)).toEqual(BOTH);
    await notConnected(session);
  });

  test('while a device code is asked for: at once', async () => {
    const session = await connectable({ answers: { device: { kind: 'silence' } } });
    const ran = await whileAsked(session, 'device', (raise) => raise(), [...AUTHORIZE, '--device']);
    expect([ran.code, ran.stderr]).toEqual([130, expect.stringMatching(/: cancelled\n$/)]);
  });

  test("while the client's own credentials are sent: what they brought is given back", async () => {
    const held = Promise.withResolvers<void>();
    const session = await connectable({ answers: { token: { kind: 'hold', until: held.promise } } });
    const ran = await whileAsked(
      ...([session, 'token'] as const),
      (raise) => {
        raise();
        held.resolve();
      },
      [...AUTHORIZE, '--client-credentials'],
    );
    expect([ran.code, givenBack(session)]).toEqual([130, ['at_']]);
  });
});

describe('what came and can not be stored', () => {
  test('is given back when the app was removed meanwhile; that it was is what is said', async () => {
    const held = Promise.withResolvers<void>();
    const session = await connectable({ answers: { token: { kind: 'hold', until: held.promise } } });
    const ran = await whileAsked(session, 'token', async () => {
      await session.shell.answer(['apps', 'remove', 'crm', '--yes', '-q']);
      held.resolve();
    });
    expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining('crm was removed meanwhile')]);
    expect(givenBack(session)).toEqual(BOTH);
  });

  test('is given back when our rules refuse the answer', async () => {
    const edit: Switches['edit'] = { token: (proper) => ({ ...proper, token_type: 'mac' }) };
    const session = await connectable({ edit });
    const ran = await atTerminal(session, AUTHORIZE);
    expect([ran.code, givenBack(session)]).toEqual([7, BOTH]);
  });

  test("of another's account is refused before the browser where it was named, and never ends what the other has", async () => {
    const session = await connectable();
    await session.shell.answer(['members', 'add', 'ben', '--role', 'developer', '-q']);
    expect((await atTerminal(session, AUTHORIZE)).code).toBe(0);
    const asked = () => session.stub.requests.filter(({ endpoint }) => endpoint === 'authorize').length;
    const bens = (...more: string[]) => atTerminal(session, ['--actor', 'ben', ...AUTHORIZE, ...more]);
    const named = await bens('--account', 'ana@example.com');
    expect([named.code, asked()]).toEqual([4, 1]);
    const refused =
      /crm ana@example\.com was authorized by \S+: authorizing it again takes an admin at least/;
    expect(named.stderr).toMatch(refused);
    const unnamed = await bens();
    expect([unnamed.code, asked(), givenBack(session)]).toEqual([4, 2, []]);
    expect(unnamed.stderr).toMatch(refused);
  });
});
