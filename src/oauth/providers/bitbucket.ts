import type { Provider } from '../../domain/apps/provider.ts';

export const bitbucket: Provider = {
  name: 'bitbucket',
  title: 'Bitbucket',
  sources: [
    'https://developer.atlassian.com/cloud/bitbucket/oauth-2',
    'https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/',
    'https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/',
  ],
  hosts: ['bitbucket.org', 'api.bitbucket.org'],
  registration: {
    page: 'https://bitbucket.org/account/workspaces/',
    note: 'the workspace\'s settings, "OAuth consumers": the scopes are chosen there, not asked for',
  },
  sendsIss: false,
  authorizationEndpoint: 'https://bitbucket.org/site/oauth2/authorize',
  tokenEndpoint: 'https://bitbucket.org/site/oauth2/access_token',
  authorizationParameters: {},
  clientAuthentication: 'client_secret_basic',
  secret: 'required',
  pkce: 'undocumented',
  redirect: { kind: 'exact' },
  // The field has an s that RFC 6749 doesn't know.
  scopes: { parameter: null, asked: ' ', granted: ' ', field: 'scopes' },
  token: { request: 'form', headers: {}, failure: 'status' },
  refresh: { given: 'always', rotates: 'maybe' },
  revocation: { kind: 'none', page: 'https://bitbucket.org/account/settings/app-authorizations/' },
  identity: {
    kind: 'request',
    method: 'GET',
    endpoint: 'https://api.bitbucket.org/2.0/user',
    scopes: ['account'],
    fields: ['username', 'nickname', 'display_name'],
    prefix: '@',
  },
};
