import type { Provider } from '../../domain/apps/provider.ts';

export const spotify: Provider = {
  name: 'spotify',
  title: 'Spotify',
  sources: [
    'https://developer.spotify.com/documentation/web-api/tutorials/code-pkce-flow',
    'https://developer.spotify.com/documentation/web-api/concepts/redirect_uri',
    'https://developer.spotify.com/documentation/web-api/tutorials/refreshing-tokens',
    'https://developer.spotify.com/blog/2026-06-18-refresh-token-expiration',
    'https://developer.spotify.com/documentation/web-api/reference/get-current-users-profile',
  ],
  hosts: ['spotify.com', 'accounts.spotify.com', 'api.spotify.com'],
  registration: { page: 'https://developer.spotify.com/dashboard' },
  sendsIss: false,
  authorizationEndpoint: 'https://accounts.spotify.com/authorize',
  tokenEndpoint: 'https://accounts.spotify.com/api/token',
  authorizationParameters: {},
  clientAuthentication: 'client_secret_basic',
  secret: 'optional',
  pkce: 'checked',
  redirect: { kind: 'any-port', register: 'http://127.0.0.1/callback' },
  scopes: { parameter: 'scope', asked: ' ', granted: ' ', field: 'scope' },
  token: { request: 'form', headers: {}, failure: 'status' },
  // A refresh token ends six months after consent, however often it is used.
  refresh: { given: 'always', rotates: 'maybe' },
  revocation: { kind: 'none', page: 'https://www.spotify.com/account/apps/' },
  identity: {
    kind: 'request',
    method: 'GET',
    endpoint: 'https://api.spotify.com/v1/me',
    scopes: [],
    fields: ['email', 'id'],
    prefix: '',
  },
};
