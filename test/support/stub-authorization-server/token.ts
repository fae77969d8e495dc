import { createHash } from 'node:crypto';
import { granted } from './authorize.ts';
import { authenticate, isReply } from './client-authentication.ts';
import { type Code, fresh, type Grant, isLive } from './grants.ts';
import { idToken } from './id-token.ts';
import type { Recorded } from './record.ts';
import { failure, type Reply, success } from './reply.ts';
import type { Handler, Stub } from './stub.ts';
import type { Client } from './switches.ts';

type Exchange = (request: Recorded, stub: Stub, client: Client) => Reply;

const invalidGrant = (description: string): Reply => failure(400, 'invalid_grant', description);

/** RFC 6749 section 4.1.3: once, by the client it was given to, with the verifier of RFC 7636. */
const exchangeCode: Exchange = ({ form }, stub, client) => {
  const code = stub.grants.codes.get(form.get('code') ?? '');
  if (code === undefined) return invalidGrant('unknown code');
  if (code.grant.clientId !== client.id) return invalidGrant('a code of another client');
  if (code.used) {
    code.grant.alive = false;
    return invalidGrant('a code is good once');
  }
  code.used = true;
  if (form.get('redirect_uri') !== code.redirectUri) return invalidGrant('another redirect URI than before');
  if (!isVerified(code, form.get('code_verifier'))) return invalidGrant('wrong code verifier');
  return issue(stub, code.grant, code.grant.scope, newRefreshToken(stub, code.grant));
};

/** RFC 6749 section 6, with rotation and what becomes of a spent token that comes back. */
const useRefreshToken: Exchange = ({ form }, stub, client) => {
  const { switches } = stub;
  const sent = form.get('refresh_token') ?? '';
  const token = stub.grants.tokens.get(sent);
  if (token?.kind !== 'refresh') return invalidGrant('unknown refresh token');
  if (token.grant.clientId !== client.id) return invalidGrant('a refresh token of another client');
  if (token.state === 'spent') {
    if (switches.reuseKills) token.grant.alive = false;
    return invalidGrant('a refresh token is good once');
  }
  if (!isLive(token)) return invalidGrant('a refresh token that was revoked');
  const asked = form.get('scope')?.split(' ') ?? [];
  const had = token.grant.scope?.split(' ') ?? [];
  if (asked.some((scope) => !had.includes(scope))) return failure(400, 'invalid_scope', 'wider than before');
  const scope = asked.length > 0 ? asked.join(' ') : token.grant.scope;
  if (switches.refresh === 'rotated') {
    token.state = 'spent';
    return issue(stub, token.grant, scope, newRefreshToken(stub, token.grant));
  }
  return issue(stub, token.grant, scope, switches.refresh === 'same' ? sent : undefined);
};

/** RFC 6749 section 4.4: for confidential clients, and no refresh token. */
const clientCredentials: Exchange = ({ form }, stub, client) => {
  if (client.secret === undefined)
    return failure(400, 'unauthorized_client', 'a public client has no credentials');
  const scope = granted(stub.switches.grants, form.get('scope') ?? undefined);
  const resource = form.get('resource') ?? undefined;
  const grant = { clientId: client.id, scope, resource, nonce: undefined, alive: true };
  return issue(stub, grant, scope, undefined);
};

/** RFC 8628 section 3.4. */
const useDeviceCode: Exchange = ({ form }, stub, client) => {
  const device = stub.grants.devices.get(form.get('device_code') ?? '');
  if (device === undefined || device.grant.clientId !== client.id) return invalidGrant('unknown device code');
  if (device.used) return invalidGrant('a device code is good once');
  const { answers, outcome } = stub.switches.device;
  const answer = answers[device.polls++] ?? outcome;
  if (answer !== 'approved') return failure(400, answer, 'not yet, or never');
  device.used = true;
  return issue(stub, device.grant, device.grant.scope, newRefreshToken(stub, device.grant));
};

const EXCHANGES: ReadonlyMap<string, Exchange> = new Map([
  ['authorization_code', exchangeCode],
  ['refresh_token', useRefreshToken],
  ['client_credentials', clientCredentials],
  ['urn:ietf:params:oauth:grant-type:device_code', useDeviceCode],
]);

/** The token endpoint. */
export const token: Handler = (request, stub) => {
  if (request.headers['content-type']?.split(';')[0] !== 'application/x-www-form-urlencoded') {
    return failure(400, 'invalid_request', 'not a form');
  }
  const client = authenticate(request, stub);
  if (isReply(client)) return client;
  const exchange = EXCHANGES.get(request.form.get('grant_type') ?? '');
  if (exchange === undefined) return failure(400, 'unsupported_grant_type', 'unknown grant type');
  return exchange(request, stub, client);
};

function issue(stub: Stub, grant: Grant, scope: string | undefined, refreshToken: string | undefined): Reply {
  const accessToken = fresh('at');
  stub.grants.tokens.set(accessToken, { kind: 'access', grant, scope, state: 'live' });
  return success({
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: 3600,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(scope === undefined || stub.switches.grants === 'unsaid' ? {} : { scope }),
    ...(scope?.split(' ').includes('openid') ? { id_token: idToken(stub, grant) } : {}),
  });
}

function newRefreshToken(stub: Stub, grant: Grant): string | undefined {
  if (stub.switches.refresh === 'never') return undefined;
  const value = fresh('rt');
  stub.grants.tokens.set(value, { kind: 'refresh', grant, scope: grant.scope, state: 'live' });
  return value;
}

/** RFC 7636 section 4.6. A verifier without a challenge is a downgrade, and refused (RFC 9700 section 2.1.1). */
function isVerified({ challenge }: Code, verifier: string | null): boolean {
  if (challenge === undefined) return verifier === null;
  if (verifier === null || !/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  return createHash('sha256').update(verifier).digest('base64url') === challenge;
}
