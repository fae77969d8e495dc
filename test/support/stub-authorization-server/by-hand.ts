import { createHash, randomBytes } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { consent } from './consent.ts';
import { type RunningStub, startStub } from './start.ts';
import type { Switches } from './switches.ts';

/** A client written by hand, with nothing checked and nothing hidden: for the tests of the stub itself. */

export const REDIRECT_URI = 'http://127.0.0.1:50000/callback';

/** A stub for one test, closed afterwards. */
export async function stubWith(changes: Partial<Switches> = {}, issuerPath = ''): Promise<RunningStub> {
  const stub = await startStub(changes, issuerPath);
  onTestFinished(stub.close);
  return stub;
}

export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** The authorization URL of a public client, with some parameters changed; undefined takes one away. */
export function authorizationUrl(
  stub: RunningStub,
  changes: Readonly<Record<string, string | undefined>> = {},
): URL {
  const url = new URL(`${stub.origin}/authorize`);
  const parameters = {
    response_type: 'code',
    client_id: 'public-client',
    redirect_uri: REDIRECT_URI,
    scope: 'read write',
    state: 'state-1',
    code_challenge_method: 'S256',
    ...changes,
  };
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

/** Posts a form; a public client unless the form or the headers say otherwise. */
export async function post(
  stub: RunningStub,
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; json: Record<string, unknown>; headers: Headers }> {
  const identified = 'authorization' in headers ? form : { client_id: 'public-client', ...form };
  const response = await fetch(`${stub.origin}${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(identified),
    redirect: 'manual',
  });
  const text = await response.text();
  return { status: response.status, json: text === '' ? {} : JSON.parse(text), headers: response.headers };
}

/** A code and the form that exchanges it. */
export async function codeForm(
  stub: RunningStub,
  changes: Readonly<Record<string, string | undefined>> = {},
): Promise<Record<string, string>> {
  const { verifier, challenge } = pkce();
  const back = await consent(authorizationUrl(stub, { code_challenge: challenge, ...changes }));
  const code = back?.searchParams.get('code');
  expect(code).toMatch(/^code_/);
  return {
    grant_type: 'authorization_code',
    code: code as string,
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
  };
}

/** Tokens, from consent to exchange. */
export async function tokens(
  stub: RunningStub,
  changes: Readonly<Record<string, string | undefined>> = {},
): Promise<Record<string, string>> {
  const { status, json } = await post(stub, '/token', await codeForm(stub, changes));
  expect(status).toBe(200);
  return json as Record<string, string>;
}

export function basic(id: string, secret: string): { authorization: string } {
  const encode = (text: string): string => new URLSearchParams({ v: text }).toString().slice(2);
  return { authorization: `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}` };
}
