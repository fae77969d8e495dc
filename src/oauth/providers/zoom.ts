import type { Provider } from '../../domain/apps/provider.ts';

export const zoom: Provider = {
  name: 'zoom',
  title: 'Zoom',
  sources: [
    'https://developers.zoom.us/docs/integrations/oauth/',
    'https://developers.zoom.us/changelog/platform/pkce-loopback.md',
    'https://api.zoom.us/.well-known/oauth-authorization-server',
  ],
  hosts: ['zoom.us', 'api.zoom.us'],
  registration: {
    page: 'https://marketplace.zoom.us/develop/create',
    note: 'choose a general app, tick its scopes, and turn PKCE on, or a loopback address is refused',
  },
  // No issuer: the metadata of https://zoom.us are published at another host.
  sendsIss: false,
  authorizationEndpoint: 'https://zoom.us/oauth/authorize',
  tokenEndpoint: 'https://zoom.us/oauth/token',
  // For apps that aren't on the marketplace.
  deviceAuthorizationEndpoint: 'https://zoom.us/oauth/devicecode',
  authorizationParameters: {},
  clientAuthentication: 'client_secret_basic',
  secret: 'optional',
  pkce: 'setting',
  redirect: { kind: 'any-port', register: 'http://127.0.0.1/callback' },
  scopes: { parameter: 'scope', asked: ' ', granted: ' ', field: 'scope' },
  token: { request: 'form', headers: {}, failure: 'status' },
  refresh: { given: 'always', rotates: 'yes' },
  revocation: { kind: 'rfc7009', endpoint: 'https://zoom.us/oauth/revoke' },
  identity: {
    kind: 'request',
    method: 'GET',
    endpoint: 'https://api.zoom.us/v2/users/me',
    scopes: ['user:read:user', 'user:read', 'user:read:admin'],
    fields: ['email'],
    prefix: '',
  },
};
