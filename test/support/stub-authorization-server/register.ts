import { fresh } from './grants.ts';
import { failure, success } from './reply.ts';
import type { Handler } from './stub.ts';

/** Dynamic client registration (RFC 7591 section 3). */
export const register: Handler = ({ body }, stub) => {
  const asked = readObject(body);
  if (asked === undefined) return failure(400, 'invalid_client_metadata', 'not a JSON object');
  const uris = asked.redirect_uris;
  if (!Array.isArray(uris) || uris.length === 0 || !uris.every((uri) => URL.canParse(String(uri)))) {
    return failure(400, 'invalid_redirect_uri', 'redirect_uris must be a list of URLs');
  }
  const method = asked.token_endpoint_auth_method ?? 'client_secret_basic';
  const id = fresh('client');
  const secret = method === 'none' ? undefined : fresh('secret');
  stub.registered.push({ id, redirectUris: uris.map(String), ...(secret === undefined ? {} : { secret }) });
  return success(
    {
      ...asked,
      token_endpoint_auth_method: method,
      client_id: id,
      client_id_issued_at: Math.floor(Date.now() / 1000),
      ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    },
    201,
  );
};

function readObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
