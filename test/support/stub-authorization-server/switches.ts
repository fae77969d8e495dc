/** What the stub serves; the name by which its answers are recorded, edited and spoilt. */
export type Endpoint =
  | 'oauth-metadata'
  | 'openid-metadata'
  | 'jwks'
  | 'authorize'
  | 'token'
  | 'device'
  | 'revoke'
  | 'introspect'
  | 'userinfo'
  | 'register'
  | 'resource-metadata'
  | 'resource';

/** A client the server knows. Without a secret it is public. */
export interface Client {
  readonly id: string;
  readonly secret?: string;
  /** Registered redirect URIs; a loopback address is taken with any port. None: every loopback address is taken. */
  readonly redirectUris?: readonly string[];
}

/**
 * How one request is answered instead of properly. Unless it says otherwise the request has been carried out by then:
 * codes are used up, refresh tokens spent.
 */
export type Answer =
  /** 3xx to another place. Nothing was carried out. */
  | { readonly kind: 'redirect'; readonly status: 301 | 302 | 303 | 307 | 308; readonly to: string }
  /** Just this. Nothing was carried out. */
  | {
      readonly kind: 'body';
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /**
   * The connection is cut: `unprocessed`, before anything was carried out; `before` the first byte of the answer;
   * `inside` it; or `after` its last byte. The first two are resets.
   */
  | { readonly kind: 'cut'; readonly when: 'unprocessed' | 'before' | 'inside' | 'after' }
  /** The proper answer, when the promise is settled. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** No byte, ever. */
  | { readonly kind: 'silence' }
  /** The proper answer, one byte at a time. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  /** JSON that doesn't end. */
  | { readonly kind: 'endless' }
  /** `Content-Encoding: gzip`, a thousand times as large when unpacked. */
  | { readonly kind: 'gzip-bomb'; readonly megabytes: number };

/** Changes a proper JSON answer; a text that it returns is sent as it is, JSON or not. */
export type Edit = (proper: Readonly<Record<string, unknown>>) => unknown;

export interface Switches {
  readonly clients: readonly Client[];
  /** Which metadata documents exist (RFC 8414, OpenID Connect Discovery). */
  readonly discovery: readonly ('oauth' | 'openid')[];
  /** Is a code challenge demanded of everyone? When it is there it is checked in any case. */
  readonly requirePkce: boolean;
  /** What the person does on the consent page; `never` answers a page that redirects nowhere. */
  readonly consent: 'given' | 'never' | { readonly error: string; readonly description?: string };
  /** `iss` in authorization responses (RFC 9207): announced and there, neither, or announced and missing. */
  readonly iss: 'announced' | 'unknown' | 'withheld';
  /** Changes the parameters that the redirect carries. */
  readonly editRedirect: (parameters: URLSearchParams) => void;
  /** Which scopes are granted: those asked for, those without saying so, or these. */
  readonly grants: 'asked' | 'unsaid' | { readonly scope: string };
  /** What using a refresh token brings: another one; the same; none, and the old goes on. `never`: none at all. */
  readonly refresh: 'rotated' | 'same' | 'unsaid' | 'never';
  /** Does a spent refresh token that comes back end every token of its grant? */
  readonly reuseKills: boolean;
  /** What polling a device code brings, one after the other, and from then on. */
  readonly device: { readonly answers: readonly string[]; readonly outcome: 'approved' | (string & {}) };
  /** Is there dynamic registration (RFC 7591)? */
  readonly registration: boolean;
  /** Is a URL taken as a client id (client id metadata document)? It isn't fetched. */
  readonly urlClients: boolean;
  readonly account: { readonly sub: string; readonly email: string; readonly preferred_username: string };
  /** Makes the ID token, when `openid` is granted. */
  readonly idToken: (proper: ProperIdToken) => string;
  readonly edit: { readonly [E in Endpoint]?: Edit };
  /** One answer for all requests to an endpoint, or a list: one for each request, then properly. */
  readonly answers: { readonly [E in Endpoint]?: Answer | readonly Answer[] };
}

export interface ProperIdToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Signs with the server's key (ES256), whatever the header says. */
  readonly sign: (header: object, claims: object) => string;
}

/** A strict server of today: PKCE demanded, `iss` announced, refresh tokens rotated, reuse ends the grant. */
export const STRICT: Switches = {
  clients: [{ id: 'public-client' }, { id: 'secret-client', secret: 'p@ss word+%' }],
  discovery: ['oauth', 'openid'],
  requirePkce: true,
  consent: 'given',
  iss: 'announced',
  editRedirect: () => {},
  grants: 'asked',
  refresh: 'rotated',
  reuseKills: true,
  device: { answers: ['authorization_pending'], outcome: 'approved' },
  registration: true,
  urlClients: false,
  account: { sub: 'user-1', email: 'ana@example.com', preferred_username: 'ana' },
  idToken: ({ header, claims, sign }) => sign(header, claims),
  edit: {},
  answers: {},
};
