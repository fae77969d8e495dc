import { describe, expect, test } from 'vitest';
import type { DeviceAttempt } from '../../src/domain/ports/authorization.ts';
import { Failure } from '../../src/errors.ts';
import { stubWith } from '../support/stub-authorization-server/by-hand.ts';
import type { RunningStub } from '../support/stub-authorization-server/start.ts';
import { authorization, failureOf, publicClient, scopes } from './fixtures/peer.ts';

/** A clock that only sleeping moves, and what was slept, in seconds. */
function time(): {
  now: () => number;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  slept: number[];
} {
  let at = Date.UTC(2026, 0, 1);
  const slept: number[] = [];
  return {
    now: () => at,
    slept,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms / 1000);
      at += ms;
    },
  };
}

async function started(
  stub: RunningStub,
  edit: Readonly<Record<string, unknown>> = {},
): Promise<{ attempt: DeviceAttempt; clock: ReturnType<typeof time> }> {
  stub.set({ edit: { device: (proper) => ({ ...proper, ...edit }) } });
  const clock = time();
  const attempt = await authorization(clock).startDevice(publicClient(stub), scopes('read'));
  return { attempt, clock };
}
const polls = ({ requests }: RunningStub): number =>
  requests.filter(({ endpoint }) => endpoint === 'token').length;

test('a consent elsewhere becomes tokens; the device code shows nowhere', async () => {
  const stub = await stubWith();
  const { attempt, clock } = await started(stub);
  expect(attempt).toMatchObject({
    userCode: 'WDJB-MJHT',
    verificationUri: `${stub.origin}/activate`,
    verificationUriComplete: `${stub.origin}/activate?user_code=WDJB-MJHT`,
    expiresAt: Date.UTC(2026, 0, 1) + 900_000,
  });
  const tokens = await attempt.poll();
  expect(tokens.scopes).toEqual(['read']);
  expect(clock.slept).toEqual([5, 5]);
  const code = stub.requests.at(-1)?.form.get('device_code') as string;
  expect(code).toMatch(/^dc_/);
  expect(JSON.stringify(attempt)).not.toContain(code);
});

describe('the server’s pace is kept', () => {
  test('slow_down three times', async () => {
    const answers = ['slow_down', 'slow_down', 'authorization_pending', 'slow_down'];
    const stub = await stubWith({ device: { answers, outcome: 'approved' } });
    const { attempt, clock } = await started(stub);
    await attempt.poll();
    expect(clock.slept).toEqual([5, 10, 15, 15, 20]);
  });

  test.each([
    ['absent', undefined, 5],
    ['null', null, 5],
    ['0', 0, 5],
    ['negative', -1, 5],
    ['a text', '7', 5],
    ['7', 7, 7],
  ])('interval %s', async (_, interval, seconds) => {
    const stub = await stubWith();
    const { attempt, clock } = await started(stub, { interval });
    await attempt.poll();
    expect(clock.slept).toEqual([seconds, seconds]);
  });

  test('a connection that is cut is tried again, less often', async () => {
    const stub = await stubWith({ device: { answers: [], outcome: 'approved' } });
    const { attempt, clock } = await started(stub);
    const cut = { kind: 'cut', when: 'unprocessed' } as const;
    stub.set({ answers: { token: [cut, cut] } });
    await attempt.poll();
    expect(clock.slept).toEqual([5, 10, 20]);
  });
});

describe('it ends on time', () => {
  test.each([
    ['pending for ever', {}, 180],
    ['a million seconds between polls', { interval: 1e6 }, 0],
    ['a code that ends at once', { expires_in: 0 }, 0],
    ['a code that lives for ever', { expires_in: 1e308, interval: 60 }, 59],
  ])('%s', async (_, edit, most) => {
    const stub = await stubWith({ device: { answers: [], outcome: 'authorization_pending' } });
    const { attempt, clock } = await started(stub, edit);
    expect(await failureOf(attempt.poll())).toMatchObject({ code: 'consent_timeout', exitCode: 7 });
    expect(polls(stub)).toBeLessThanOrEqual(most);
    expect(clock.now()).toBe(attempt.expiresAt);
  });

  test('Ctrl-C, asleep or not', async () => {
    const stub = await stubWith();
    const reason = new Failure('cancelled', 'cancelled');
    const { attempt } = await started(stub);
    expect(await failureOf(attempt.poll({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    const real = await authorization().startDevice(publicClient(stub), []);
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 10);
    expect(await failureOf(real.poll({ signal: controller.signal }))).toBe(reason);
    expect(polls(stub)).toBe(0);
  });
});

test.each([
  ['access_denied', 'consent_denied'],
  ['expired_token', 'consent_timeout'],
  ['invalid_grant', 'provider_failed'],
])('%s', async (outcome, code) => {
  const stub = await stubWith({ device: { answers: [], outcome } });
  const { attempt } = await started(stub);
  expect(await failureOf(attempt.poll())).toMatchObject({ code });
});

describe('addresses that are opened or shown', () => {
  test.each([
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'ms-settings:',
    'http://evil.example/',
    '',
  ])('★ refused: %s', async (url) => {
    const stub = await stubWith();
    for (const name of ['verification_uri', 'verification_uri_complete'].slice(0, url === '' ? 1 : 2)) {
      expect(await failureOf(started(stub, { [name]: url }))).toMatchObject({ code: 'provider_failed' });
    }
  });

  test('the code to type is one short line', async () => {
    const stub = await stubWith();
    const { attempt } = await started(stub, { user_code: `A\n\u001b[2J${'B'.repeat(500)}` });
    expect(attempt.userCode).toMatch(/^[A-Z[0-9 ]{3,63}…$/u);
  });
});

test.each([
  ['no device code', { device_code: '' }],
  ['no code to type', { user_code: '\u0007' }],
  ['no end', { expires_in: undefined }],
  ['an end that is no number', { expires_in: 'soon' }],
])('an answer with %s', async (_, edit) => {
  const stub = await stubWith();
  expect(await failureOf(started(stub, edit))).toMatchObject({ code: 'provider_failed' });
});

test('who has no device flow', async () => {
  const stub = await stubWith();
  const client = publicClient(stub, { deviceEndpoint: null });
  expect(await failureOf(authorization().startDevice(client, []))).toMatchObject({ code: 'wrong_state' });
});

test('who refuses at once', async () => {
  const stub = await stubWith();
  const failure = await failureOf(
    authorization().startDevice({ ...publicClient(stub), clientId: 'nobody' }, []),
  );
  expect(failure.message).toMatch(/refused with invalid_client: unknown client$/);
});
