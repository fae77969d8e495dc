import type { Provider } from '../../domain/apps/provider.ts';

export const dropbox: Provider = {
  name: 'dropbox',
  title: 'Dropbox',
  sources: [
    'https://developers.dropbox.com/oauth-guide',
    'https://dropbox.tech/developers/using-oauth-2-0-with-offline-access',
    'https://www.dropbox.com/developers/documentation/http/documentation',
  ],
  hosts: ['dropbox.com', 'api.dropboxapi.com'],
  registration: {
    page: 'https://www.dropbox.com/developers/apps',
    note: 'tick the scopes under "Permissions" before authorizing',
  },
  sendsIss: false,
  authorizationEndpoint: 'https://www.dropbox.com/oauth2/authorize',
  tokenEndpoint: 'https://api.dropboxapi.com/oauth2/token',
  authorizationParameters: { token_access_type: 'offline' },
  clientAuthentication: 'client_secret_basic',
  secret: 'optional',
  pkce: 'checked',
  redirect: { kind: 'exact' },
  scopes: { parameter: 'scope', asked: ' ', granted: ' ', field: 'scope' },
  token: { request: 'form', headers: {}, failure: 'status' },
  refresh: { given: 'parameter', rotates: 'no' },
  revocation: {
    kind: 'request',
    method: 'POST',
    endpoint: 'https://api.dropboxapi.com/2/auth/token/revoke',
    authorization: 'bearer',
    token: 'access',
    body: null,
    headers: {},
  },
  identity: {
    kind: 'request',
    method: 'POST',
    endpoint: 'https://api.dropboxapi.com/2/users/get_current_account',
    scopes: ['account_info.read'],
    fields: ['email'],
    prefix: '',
  },
};
