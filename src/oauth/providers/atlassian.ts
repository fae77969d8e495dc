import type { Provider } from '../../domain/apps/provider.ts';

/** Jira and Confluence Cloud. Bitbucket has an authorization server of its own. */
export const atlassian: Provider = {
  name: 'atlassian',
  title: 'Atlassian',
  sources: [
    'https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/',
    'https://developer.atlassian.com/cloud/oauth/getting-started/implementing-oauth-3lo',
    'https://auth.atlassian.com/.well-known/oauth-authorization-server',
  ],
  hosts: ['atlassian.com', 'auth.atlassian.com', 'api.atlassian.com'],
  registration: {
    page: 'https://developer.atlassian.com/console/myapps/',
    note: 'an app has one callback URL, under "Authorization"',
  },
  issuer: 'https://auth.atlassian.com',
  sendsIss: false,
  authorizationEndpoint: 'https://auth.atlassian.com/authorize',
  tokenEndpoint: 'https://auth.atlassian.com/oauth/token',
  authorizationParameters: { audience: 'api.atlassian.com', prompt: 'consent' },
  clientAuthentication: 'client_secret_post',
  secret: 'required',
  pkce: 'checked',
  redirect: { kind: 'exact' },
  scopes: { parameter: 'scope', asked: ' ', granted: ' ', field: 'scope' },
  token: { request: 'json', headers: {}, failure: 'status' },
  refresh: { given: 'scope', scope: 'offline_access', rotates: 'yes' },
  revocation: { kind: 'rfc7009', endpoint: 'https://auth.atlassian.com/oauth/revoke' },
  identity: {
    kind: 'request',
    method: 'GET',
    endpoint: 'https://api.atlassian.com/me',
    scopes: ['read:me'],
    fields: ['email', 'name'],
    prefix: '',
  },
};
