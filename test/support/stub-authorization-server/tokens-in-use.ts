import { authenticate, isReply } from './client-authentication.ts';
import { isLive, type Token } from './grants.ts';
import type { Recorded } from './record.ts';
import { failure, type Reply, success, text, withHeaders } from './reply.ts';
import { type Handler, RESOURCE, type Stub } from './stub.ts';

/** RFC 7009: 200 whether or not there was anything to revoke; a refresh token takes its whole grant with it. */
export const revoke: Handler = (request, stub) => {
  const client = authenticate(request, stub);
  if (isReply(client)) return client;
  const value = request.form.get('token');
  if (value === null) return failure(400, 'invalid_request', 'token is missing');
  const token = stub.grants.tokens.get(value);
  if (token !== undefined && token.grant.clientId === client.id) {
    token.state = 'revoked';
    if (token.kind === 'refresh') token.grant.alive = false;
  }
  return text(200, '');
};

/** RFC 7662. */
export const introspect: Handler = (request, stub) => {
  const client = authenticate(request, stub);
  if (isReply(client)) return client;
  const token = stub.grants.tokens.get(request.form.get('token') ?? '');
  if (!isLive(token)) return success({ active: false });
  const { clientId, resource } = token.grant;
  return success({
    active: true,
    client_id: clientId,
    token_type: token.kind === 'access' ? 'Bearer' : 'refresh_token',
    sub: stub.switches.account.sub,
    iss: stub.issuer,
    ...(token.scope === undefined ? {} : { scope: token.scope }),
    ...(resource === undefined ? {} : { aud: resource }),
  });
};

/** OpenID Connect Core section 5.3. */
export const userinfo: Handler = (request, stub) =>
  bearer(request, stub) === undefined ? unauthorized(stub) : success({ ...stub.switches.account });

/** A protected resource that wants a token meant for it (RFC 8707) and says where to get one (RFC 9728 section 5.1). */
export const resource: Handler = (request, stub) => {
  const token = bearer(request, stub);
  const isMeant = token?.grant.resource === `${stub.origin}${RESOURCE}`;
  return isMeant ? success({ ok: true }) : unauthorized(stub);
};

function bearer({ headers }: Recorded, { grants }: Stub): Token | undefined {
  const value = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const token = value === undefined ? undefined : grants.tokens.get(value);
  return isLive(token) && token.kind === 'access' ? token : undefined;
}

function unauthorized({ origin }: Stub): Reply {
  const where = `resource_metadata="${origin}/.well-known/oauth-protected-resource${RESOURCE}"`;
  return withHeaders(failure(401, 'invalid_token', 'no valid token'), {
    'www-authenticate': `Bearer error="invalid_token", ${where}`,
  });
}
