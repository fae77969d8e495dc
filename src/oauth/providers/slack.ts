import type { Provider } from '../../domain/apps/provider.ts';

/** The token that acts for the person (`user_scope`); bot tokens are the workspace's and not a grant of an account. */
export const slack: Provider = {
  name: 'slack',
  title: 'Slack',
  sources: [
    'https://docs.slack.dev/authentication/installing-with-oauth',
    'https://docs.slack.dev/reference/methods/oauth.v2.access',
    'https://docs.slack.dev/authentication/using-pkce',
    'https://docs.slack.dev/authentication/using-token-rotation',
    'https://docs.slack.dev/reference/methods/auth.revoke',
    'https://docs.slack.dev/reference/methods/auth.test',
  ],
  hosts: ['slack.com', 'api.slack.com'],
  registration: {
    page: 'https://api.slack.com/apps',
    note: 'add the redirect URI and the user scopes under "OAuth & Permissions"',
  },
  // No issuer: the metadata of https://slack.com are those of "Sign in with Slack", another pair of endpoints.
  sendsIss: false,
  authorizationEndpoint: 'https://slack.com/oauth/v2/authorize',
  tokenEndpoint: 'https://slack.com/api/oauth.v2.access',
  authorizationParameters: {},
  clientAuthentication: 'client_secret_basic',
  // Turning PKCE on makes an app public, and can't be undone without Slack's support.
  secret: 'optional',
  pkce: 'setting',
  redirect: { kind: 'https' },
  scopes: { parameter: 'user_scope', asked: ',', granted: ',', field: 'scope' },
  token: {
    request: 'form',
    headers: {},
    failure: 'ok-field',
    nestedIn: 'authed_user',
    bearerNames: ['user'],
    deadTokens: ['invalid_refresh_token'],
  },
  refresh: { given: 'setting', setting: 'token rotation', rotates: 'yes' },
  revocation: {
    kind: 'request',
    method: 'POST',
    endpoint: 'https://slack.com/api/auth.revoke',
    authorization: 'bearer',
    token: 'access',
    body: null,
    headers: {},
    gone: ['token_revoked', 'account_inactive'],
  },
  identity: {
    kind: 'request',
    method: 'POST',
    endpoint: 'https://slack.com/api/auth.test',
    scopes: [],
    fields: ['user'],
    prefix: '@',
  },
};
