import { describe, expect, test } from 'vitest';
import type { HeldTokens, RefreshOutcome } from '../../src/domain/ports/authorization.ts';
import { Secret } from '../../src/domain/secret.ts';
import { stubWith } from '../support/stub-authorization-server/by-hand.ts';
import type { RunningStub } from '../support/stub-authorization-server/start.ts';
import type { Answer } from '../support/stub-authorization-server/switches.ts';
import { authorization, authorize, failureOf, held, publicClient } from './fixtures/peer.ts';

async function granted(
  stub: RunningStub,
): Promise<{ again: () => Promise<RefreshOutcome>; tokens: HeldTokens }> {
  const client = publicClient(stub);
  const tokens = held(client, await authorize(client));
  return { tokens, again: () => authorization().refresh(client, tokens) };
}

describe('whatever becomes of the refresh token', () => {
  test('another one comes', async () => {
    const stub = await stubWith();
    const { again, tokens } = await granted(stub);
    const outcome = await again();
    if (outcome.kind !== 'tokens') throw outcome.failure;
    expect(outcome.tokens.refreshToken?.reveal()).toMatch(/^rt_/);
    expect(outcome.tokens.refreshToken?.reveal()).not.toBe(tokens.refreshToken?.reveal());
    expect(stub.requests.at(-1)?.form.get('grant_type')).toBe('refresh_token');
  });

  test('the same one, or none', async () => {
    const stub = await stubWith({ refresh: 'same' });
    const { again, tokens } = await granted(stub);
    expect(await again()).toMatchObject({ kind: 'tokens' });
    stub.set({ refresh: 'unsaid' });
    const outcome = await again();
    if (outcome.kind !== 'tokens') throw outcome.failure;
    expect(outcome.tokens.refreshToken).toBeUndefined();
    expect(outcome.tokens.accessToken.reveal()).not.toBe(tokens.accessToken?.reveal());
  });

  test('a shorter life', async () => {
    const stub = await stubWith();
    const { tokens } = await granted(stub);
    stub.set({ edit: { token: (proper) => ({ ...proper, expires_in: 60 }) } });
    const outcome = await authorization({ now: () => 1000 }).refresh(publicClient(stub), tokens);
    expect(outcome).toMatchObject({ kind: 'tokens', tokens: { expiresAt: 61_000 } });
  });

  test('none was ever given', async () => {
    const stub = await stubWith({ refresh: 'never' });
    const { tokens } = await granted(stub);
    const sent = stub.requests.length;
    const failure = await failureOf(authorization().refresh(publicClient(stub), tokens));
    expect([failure.code, failure.exitCode]).toEqual(['needs_authorization', 8]);
    expect(stub.requests).toHaveLength(sent);
  });
});

test('a spent one is refused for good', async () => {
  const stub = await stubWith();
  const { again } = await granted(stub);
  await again();
  expect(await again()).toMatchObject({ kind: 'refused', error: 'invalid_grant' });
});

test('ID tokens of a refresh are not read, so a strange one loses no refresh token', async () => {
  const stub = await stubWith();
  const { again } = await granted(stub);
  stub.set({ edit: { token: (proper) => ({ ...proper, id_token: 'forged' }) } });
  expect(await again()).toMatchObject({ kind: 'tokens' });
});

test('a server that repeats what it was sent is not quoted', async () => {
  const stub = await stubWith();
  const { again, tokens } = await granted(stub);
  const sent = tokens.refreshToken?.reveal();
  const body = JSON.stringify({ error: 'invalid_request', error_description: `bad: ${sent}` });
  stub.set({ answers: { token: { kind: 'body', status: 400, body } } });
  const outcome = await again();
  expect(outcome.kind === 'failed' && outcome.failure.message).toMatch(/invalid_request: bad: \[secret\]$/);
});

const error = (status: number, code: string): Answer => ({
  kind: 'body',
  status,
  body: JSON.stringify({ error: code }),
});

test('which error it was is told when nothing was done', async () => {
  const stub = await stubWith();
  const { again } = await granted(stub);
  stub.set({ answers: { token: error(401, 'invalid_client') } });
  expect(await again()).toMatchObject({ kind: 'failed', error: 'invalid_client' });
});

describe('one request, and what is known of it', () => {
  test.each<[RefreshOutcome['kind'], string, Answer]>([
    ['no-answer', 'cut before it was carried out', { kind: 'cut', when: 'unprocessed' }],
    ['no-answer', 'cut before the answer', { kind: 'cut', when: 'before' }],
    ['no-answer', 'cut inside the answer', { kind: 'cut', when: 'inside' }],
    ['tokens', 'cut after the answer', { kind: 'cut', when: 'after' }],
    ['no-answer', 'silence', { kind: 'silence' }],
    ['no-answer', 'a byte now and then', { kind: 'drip', everyMs: 10 }],
    ['no-answer', 'too much', { kind: 'endless' }],
    ['no-answer', 'half of it, as a whole', { kind: 'body', body: '{"access_token":"a' }],
    ['no-answer', 'HTML', { kind: 'body', body: '<p>', headers: { 'content-type': 'text/html' } }],
    ['no-answer', '500', { kind: 'body', status: 500, body: '' }],
    ['no-answer', '502', { kind: 'body', status: 502, body: '' }],
    ['no-answer', '504', { kind: 'body', status: 504, body: '' }],
    ['failed', '503', { kind: 'body', status: 503, body: '' }],
    ['failed', '429', { kind: 'body', status: 429, body: '' }],
    ['failed', 'a redirect', { kind: 'redirect', status: 307, to: 'https://elsewhere.example/' }],
    ['failed', 'invalid_client', error(401, 'invalid_client')],
    ['failed', 'invalid_request', error(400, 'invalid_request')],
    ['failed', 'server_error', error(500, 'server_error')],
    ['refused', 'invalid_grant', error(400, 'invalid_grant')],
    ['refused', 'invalid_grant with 200', error(200, 'invalid_grant')],
    ['refused', 'interaction_required', error(400, 'interaction_required')],
  ])('%s: %s', async (kind, _, answer) => {
    const stub = await stubWith();
    const { tokens } = await granted(stub);
    stub.set({ answers: { token: answer } });
    const isLate = 'kind' in answer && (answer.kind === 'silence' || answer.kind === 'drip');
    const limits = { connectMs: 20_000, totalMs: isLate ? 1000 : 20_000, bytes: 1 << 20 };
    const sent = stub.requests.length;
    const outcome = await authorization({ limits }).refresh(publicClient(stub), tokens);
    expect(outcome.kind).toBe(kind);
    // Sent once, whatever came of it.
    expect(stub.requests.length - sent).toBe(1);
    if (outcome.kind !== 'tokens') {
      expect(outcome.failure.message).toContain(new URL(stub.origin).host);
      expect(outcome.failure.message).not.toContain(tokens.refreshToken?.reveal());
      expect(outcome.failure.cause).toBeUndefined();
    }
  });

  test('not-sent: nobody listens', async () => {
    const stub = await stubWith();
    const { again } = await granted(stub);
    await stub.close();
    expect(await again()).toMatchObject({ kind: 'not-sent', failure: { code: 'provider_unreachable' } });
  });

  test('not-sent: TLS is not spoken there', async () => {
    const stub = await stubWith();
    const client = publicClient(stub, { tokenEndpoint: `${stub.origin.replace('http', 'https')}/token` });
    const outcome = await authorization().refresh(
      client,
      held(client, { accessToken: new Secret('a'), refreshToken: new Secret('canary-rt') }),
    );
    expect(outcome).toMatchObject({ kind: 'not-sent' });
    expect(stub.bytes().toString('latin1')).not.toContain('canary-rt');
  });
});
