import { success } from './reply.ts';
import { type Handler, RESOURCE, type Stub } from './stub.ts';

/** RFC 8414. */
export const oauthMetadata: Handler = (_, stub) => success(metadata(stub));

/** OpenID Connect Discovery. */
export const openidMetadata: Handler = (_, stub) =>
  success({
    ...metadata(stub),
    jwks_uri: `${stub.origin}/jwks`,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  });

export const jwks: Handler = (_, stub) => success({ keys: [stub.jwk] });

/** RFC 9728. */
export const resourceMetadata: Handler = (_, stub) =>
  success({
    resource: `${stub.origin}${RESOURCE}`,
    authorization_servers: [stub.issuer],
    scopes_supported: ['mcp:read', 'mcp:write'],
    bearer_methods_supported: ['header'],
  });

function metadata({ issuer, origin, switches }: Stub): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    revocation_endpoint: `${origin}/revoke`,
    introspection_endpoint: `${origin}/introspect`,
    userinfo_endpoint: `${origin}/userinfo`,
    device_authorization_endpoint: `${origin}/device`,
    ...(switches.registration ? { registration_endpoint: `${origin}/register` } : {}),
    ...(switches.urlClients ? { client_id_metadata_document_supported: true } : {}),
    ...(switches.iss === 'unknown' ? {} : { authorization_response_iss_parameter_supported: true }),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
  };
}
