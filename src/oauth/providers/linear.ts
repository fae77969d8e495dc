import type { Provider } from '../../domain/apps/provider.ts';

export const linear: Provider = {
  name: 'linear',
  title: 'Linear',
  sources: [
    'https://linear.app/developers/oauth-2-0-authentication',
    'https://linear.app/developers/graphql',
  ],
  // Not mcp.linear.app: that is a resource with an authorization server of its own.
  hosts: ['linear.app', 'api.linear.app'],
  registration: { page: 'https://linear.app/settings/api/applications/new' },
  sendsIss: false,
  authorizationEndpoint: 'https://linear.app/oauth/authorize',
  tokenEndpoint: 'https://api.linear.app/oauth/token',
  authorizationParameters: {},
  clientAuthentication: 'client_secret_post',
  secret: 'optional',
  pkce: 'checked',
  redirect: { kind: 'exact' },
  // Asked for with commas, answered with spaces.
  scopes: { parameter: 'scope', asked: ',', granted: ' ', field: 'scope' },
  token: { request: 'form', headers: {}, failure: 'status' },
  refresh: { given: 'always', rotates: 'yes' },
  // Like RFC 7009, except that the field's name says which token it is.
  revocation: {
    kind: 'request',
    method: 'POST',
    endpoint: 'https://api.linear.app/oauth/revoke',
    authorization: 'none',
    token: 'refresh',
    body: { format: 'form', field: 'refresh_token' },
    headers: {},
  },
  identity: {
    kind: 'request',
    method: 'POST',
    endpoint: 'https://api.linear.app/graphql',
    body: '{"query":"{ viewer { email } }"}',
    // Always granted, asked for or not.
    scopes: ['read'],
    fields: ['data.viewer.email'],
    prefix: '',
  },
};
