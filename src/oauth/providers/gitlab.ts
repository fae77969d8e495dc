import type { Provider } from '../../domain/apps/provider.ts';

export const gitlab: Provider = {
  name: 'gitlab',
  title: 'GitLab',
  sources: [
    'https://docs.gitlab.com/api/oauth2',
    'https://gitlab.com/.well-known/openid-configuration',
    // Any port on a loopback address: GitLab's server is doorkeeper.
    'https://github.com/doorkeeper-gem/doorkeeper/pull/1182',
    'https://docs.gitlab.com/api/users',
  ],
  hosts: ['gitlab.com'],
  registration: {
    page: 'https://gitlab.com/-/user_settings/applications',
    note: 'tick the scopes that will be asked for; untick "Confidential" for an app without a secret',
  },
  issuer: 'https://gitlab.com',
  sendsIss: false,
  authorizationEndpoint: 'https://gitlab.com/oauth/authorize',
  tokenEndpoint: 'https://gitlab.com/oauth/token',
  deviceAuthorizationEndpoint: 'https://gitlab.com/oauth/authorize_device',
  authorizationParameters: {},
  clientAuthentication: 'client_secret_basic',
  secret: 'optional',
  pkce: 'checked',
  redirect: { kind: 'any-port', register: 'http://127.0.0.1/callback' },
  scopes: { parameter: 'scope', asked: ' ', granted: ' ', field: 'scope' },
  token: { request: 'form', headers: {}, failure: 'status' },
  refresh: { given: 'always', rotates: 'yes', repeatsRedirectUri: true },
  revocation: { kind: 'rfc7009', endpoint: 'https://gitlab.com/oauth/revoke' },
  identity: {
    kind: 'request',
    method: 'GET',
    endpoint: 'https://gitlab.com/api/v4/user',
    scopes: ['read_user', 'read_api', 'api'],
    fields: ['username'],
    prefix: '@',
  },
};
