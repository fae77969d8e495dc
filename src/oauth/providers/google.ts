import type { Provider } from '../../domain/apps/provider.ts';

export const google: Provider = {
  name: 'google',
  title: 'Google',
  sources: [
    'https://developers.google.com/identity/protocols/oauth2/native-app',
    'https://accounts.google.com/.well-known/openid-configuration',
    'https://developers.google.com/identity/openid-connect/reference',
    'https://developers.google.com/identity/protocols/oauth2/limited-input-device',
    'https://developers.google.com/identity/protocols/oauth2/scopes',
  ],
  hosts: ['google.com', 'accounts.google.com', 'oauth2.googleapis.com'],
  registration: {
    page: 'https://console.cloud.google.com/apis/credentials',
    note: 'choose "Desktop app"; its redirect URI needs no entry',
  },
  issuer: 'https://accounts.google.com',
  sendsIss: false,
  authorizationEndpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenEndpoint: 'https://oauth2.googleapis.com/token',
  // For clients of the type "TVs and Limited Input devices" alone, and few scopes.
  deviceAuthorizationEndpoint: 'https://oauth2.googleapis.com/device/code',
  // Without `prompt=consent` a second authorization of the same app brings no refresh token.
  authorizationParameters: { access_type: 'offline', prompt: 'consent' },
  clientAuthentication: 'client_secret_post',
  // A desktop app has a secret too, and the token endpoint asks for it.
  secret: 'required',
  pkce: 'checked',
  redirect: { kind: 'any-port', register: null },
  scopes: {
    parameter: 'scope',
    asked: ' ',
    granted: ' ',
    field: 'scope',
    aliases: {
      email: 'https://www.googleapis.com/auth/userinfo.email',
      profile: 'https://www.googleapis.com/auth/userinfo.profile',
    },
  },
  token: { request: 'form', headers: {}, failure: 'status' },
  refresh: { given: 'parameter', rotates: 'no' },
  revocation: { kind: 'rfc7009', endpoint: 'https://oauth2.googleapis.com/revoke' },
  identity: {
    kind: 'request',
    method: 'GET',
    endpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
    scopes: ['email', 'https://www.googleapis.com/auth/userinfo.email'],
    fields: ['email'],
    prefix: '',
  },
};
