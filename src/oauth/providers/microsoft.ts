import type { Provider } from '../../domain/apps/provider.ts';

export const microsoft: Provider = {
  name: 'microsoft',
  title: 'Microsoft',
  sources: [
    'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow',
    'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-device-code',
    'https://learn.microsoft.com/en-us/entra/identity-platform/reply-url',
    'https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens',
    'https://learn.microsoft.com/en-us/graph/api/user-get',
  ],
  hosts: ['microsoft.com', 'login.microsoftonline.com', 'graph.microsoft.com'],
  registration: {
    page: 'https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade',
    note: 'the form refuses http://127.0.0.1: add the redirect URI as a public client in the manifest',
  },
  // No issuer: the metadata of `common` carry "{tenantid}" in its place, which RFC 8414 doesn't allow.
  sendsIss: false,
  authorizationEndpoint: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
  tokenEndpoint: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
  deviceAuthorizationEndpoint: 'https://login.microsoftonline.com/common/oauth2/v2.0/devicecode',
  authorizationParameters: {},
  clientAuthentication: 'client_secret_post',
  secret: 'optional',
  pkce: 'checked',
  redirect: { kind: 'any-port', register: 'http://127.0.0.1/callback' },
  scopes: { parameter: 'scope', asked: ' ', granted: ' ', field: 'scope', unsaid: ['offline_access'] },
  token: { request: 'form', headers: {}, failure: 'status' },
  refresh: { given: 'scope', scope: 'offline_access', rotates: 'yes' },
  revocation: { kind: 'none', page: 'https://myapps.microsoft.com' },
  identity: {
    kind: 'request',
    method: 'GET',
    endpoint: 'https://graph.microsoft.com/v1.0/me',
    scopes: ['User.Read', 'https://graph.microsoft.com/User.Read'],
    fields: ['userPrincipalName', 'mail'],
    prefix: '',
  },
};
