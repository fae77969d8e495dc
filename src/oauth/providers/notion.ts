import type { Provider } from '../../domain/apps/provider.ts';

const VERSION = { 'Notion-Version': '2025-09-03' } as const;

export const notion: Provider = {
  name: 'notion',
  title: 'Notion',
  sources: [
    'https://developers.notion.com/guides/get-started/authorization',
    'https://developers.notion.com/reference/create-a-token',
    'https://developers.notion.com/reference/refresh-a-token',
    'https://developers.notion.com/reference/revoke-token',
  ],
  // Not mcp.notion.com: that is a resource with an authorization server of its own.
  hosts: ['notion.so', 'notion.com', 'api.notion.com'],
  registration: {
    page: 'https://www.notion.so/developers/connections',
    note: 'choose a public connection; what it may do is chosen there, not asked for',
  },
  sendsIss: false,
  authorizationEndpoint: 'https://api.notion.com/v1/oauth/authorize',
  tokenEndpoint: 'https://api.notion.com/v1/oauth/token',
  authorizationParameters: { owner: 'user' },
  clientAuthentication: 'client_secret_basic',
  secret: 'required',
  pkce: 'undocumented',
  redirect: { kind: 'https' },
  scopes: { parameter: null, asked: ' ', granted: ' ', field: null },
  token: { request: 'json', headers: VERSION, failure: 'status' },
  refresh: { given: 'always', rotates: 'yes' },
  revocation: {
    kind: 'request',
    method: 'POST',
    endpoint: 'https://api.notion.com/v1/oauth/revoke',
    authorization: 'basic',
    token: 'access',
    body: { format: 'json', field: 'token' },
    headers: VERSION,
  },
  // A grant is for one Notion workspace, so its name tells grants apart; the person's e-mail may not be readable.
  identity: { kind: 'token-response', fields: ['workspace_name', 'owner.user.person.email', 'workspace_id'] },
};
