import type { Provider } from '../../domain/apps/provider.ts';

export const discord: Provider = {
  name: 'discord',
  title: 'Discord',
  sources: [
    'https://discord.com/developers/docs/topics/oauth2',
    'https://discord.com/.well-known/oauth-authorization-server',
    'https://discord.com/developers/docs/resources/user#get-current-user',
  ],
  hosts: ['discord.com'],
  registration: {
    page: 'https://discord.com/developers/applications',
    note: 'turn on "Public Client" for an app without a secret',
  },
  issuer: 'https://discord.com',
  sendsIss: true,
  authorizationEndpoint: 'https://discord.com/api/oauth2/authorize',
  tokenEndpoint: 'https://discord.com/api/oauth2/token',
  authorizationParameters: {},
  clientAuthentication: 'client_secret_basic',
  secret: 'optional',
  pkce: 'checked',
  redirect: { kind: 'exact' },
  scopes: { parameter: 'scope', asked: ' ', granted: ' ', field: 'scope' },
  token: { request: 'form', headers: {}, failure: 'status' },
  refresh: { given: 'always', rotates: 'yes' },
  revocation: { kind: 'rfc7009', endpoint: 'https://discord.com/api/oauth2/token/revoke' },
  identity: {
    kind: 'request',
    method: 'GET',
    endpoint: 'https://discord.com/api/users/@me',
    scopes: ['identify'],
    fields: ['username'],
    prefix: '@',
  },
};
