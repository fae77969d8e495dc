import type { ServerFacts } from './app.ts';

/**
 * What is known of a provider without asking it. Data only: whoever speaks to the provider reads these facts and
 * has no `if (name === 'slack')` of its own. Every fact is from a page named in `sources`.
 */
export interface Provider {
  /** What is typed: `--provider github`. */
  readonly name: string;
  /** How the provider writes its own name. */
  readonly title: string;
  /** The pages of the provider, or its published metadata, that these facts were read from. */
  readonly sources: readonly [string, ...string[]];
  /** Hosts that stand for the provider when one is typed instead of a name. Never a host of a resource. */
  readonly hosts: readonly [string, ...string[]];
  readonly registration: RegistrationPage;
  /**
   * Its issuer identifier (RFC 8414, OpenID Connect Discovery), when it publishes metadata that carry exactly this
   * one. The endpoints below are those of the metadata, so that nothing needs to be fetched.
   */
  readonly issuer?: string;
  /** Does it announce that authorization responses carry `iss` (RFC 9207)? Then one without it is refused. */
  readonly sendsIss: boolean;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** RFC 8628. Without it the provider has no device flow. */
  readonly deviceAuthorizationEndpoint?: string;
  /** Sent with each authorization request, beside those of the protocol. */
  readonly authorizationParameters: Readonly<Record<string, string>>;
  /** How a client secret is sent to the token endpoint. */
  readonly clientAuthentication: 'client_secret_basic' | 'client_secret_post';
  /** Can an app without a secret (a public client) use the code flow? */
  readonly secret: 'required' | 'optional';
  /**
   * Does the provider check the PKCE verifier? We always send one (RFC 7636 section 5: a server that doesn't know it
   * ignores it): always, for apps in whose settings it was turned on, or nobody says.
   */
  readonly pkce: 'checked' | 'setting' | 'undocumented';
  readonly redirect: Redirect;
  readonly scopes: ScopeRules;
  readonly token: TokenRules;
  readonly refresh: RefreshRules;
  readonly revocation: Revocation;
  readonly identity: Identity;
}

/** Where a person registers an app. */
interface RegistrationPage {
  /** The page to open. */
  readonly page: string;
  /** What to choose there, in one line; absent when nothing can be chosen wrong. */
  readonly note?: string;
}

/**
 * Which redirect URIs the provider takes:
 * - `any-port`: a loopback address with whatever port (RFC 8252 section 7.3); `register` says what is entered in
 *   the app's settings, null when nothing is.
 * - `exact`: only the very URI that was registered, so the port is fixed before.
 * - `https`: no loopback address over http, so the redirect URL is pasted back.
 */
type Redirect =
  | { readonly kind: 'any-port'; readonly register: string | null }
  | { readonly kind: 'exact' }
  | { readonly kind: 'https' };

interface ScopeRules {
  /** The parameter that asks for scopes; null when they are chosen in the app's settings instead. */
  readonly parameter: 'scope' | 'user_scope' | null;
  /** What stands between the scopes that are asked for. */
  readonly asked: ScopeSeparator;
  /** What stands between those of the token response. */
  readonly granted: ScopeSeparator;
  /** The field of the token response that lists the granted ones; null when there is none. */
  readonly field: 'scope' | 'scopes' | null;
  /** Scopes that the answer calls by another name. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Scopes that the answer never lists, granted or not. */
  readonly unsaid?: readonly string[];
}

type ScopeSeparator = ' ' | ',';

export interface TokenRules {
  /** How requests to the token endpoint are written. RFC 6749 says `form`. */
  readonly request: 'form' | 'json';
  /** Headers that its requests need beside `Accept: application/json`. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * How a failure is told from a success: by the HTTP status as in RFC 6749; or the status is 200 and the object
   * has `error`; or it is 200 and the object has `ok: false` and the code in `error`.
   */
  readonly failure: 'status' | 'error-field' | 'ok-field';
  /** The field under which the response to a code exchange holds the person's token; the top level when absent. */
  readonly nestedIn?: 'authed_user';
  /** What it calls a bearer token beside `bearer`, in lower case. */
  readonly bearerNames?: readonly string[];
  /** Error codes by which it says, beside `invalid_grant`, that a refresh token is no good and never will be. */
  readonly deadTokens?: readonly string[];
}

/** When refresh tokens are given, and whether using one replaces it. */
type RefreshRules = RefreshCondition & {
  /** `maybe`: a response sometimes brings a new one; whatever it brings is stored, as for the others. */
  readonly rotates: 'yes' | 'no' | 'maybe';
  /** A refresh repeats the redirect URI of the authorization. */
  readonly repeatsRedirectUri?: true;
};

type RefreshCondition =
  | { readonly given: 'always' }
  /** Only when this scope is among the asked. */
  | { readonly given: 'scope'; readonly scope: string }
  /** Because of `authorizationParameters`. */
  | { readonly given: 'parameter' }
  /** Only to apps with this setting; tokens of the others don't expire. */
  | { readonly given: 'setting'; readonly setting: string };

/** How a grant is taken back at the provider. */
type Revocation =
  | { readonly kind: 'rfc7009'; readonly endpoint: string }
  | RevocationRequest
  /** It has none: the person does it on this page. */
  | { readonly kind: 'none'; readonly page: string };

/** A request of the provider's own making. */
export interface RevocationRequest {
  readonly kind: 'request';
  readonly method: 'POST' | 'DELETE';
  /** `{client_id}` stands for the client id, percent-encoded. */
  readonly endpoint: string;
  /** Client id and secret, the access token, or nothing. */
  readonly authorization: 'basic' | 'bearer' | 'none';
  /** Which token takes the grant back, and the body's field that carries it; no field: the header does. */
  readonly token: 'access' | 'refresh';
  readonly body: { readonly format: 'form' | 'json'; readonly field: string } | null;
  readonly headers: Readonly<Record<string, string>>;
  /** The status or error code by which it says that there is nothing left to take back. */
  readonly gone?: readonly (number | string)[];
}

/** How the name of the account that consented is found. */
export type Identity =
  | {
      readonly kind: 'request';
      readonly method: 'GET' | 'POST';
      readonly endpoint: string;
      /** A JSON body, for those that need one. */
      readonly body?: string;
      /** One of these must have been granted; none is needed when empty. */
      readonly scopes: readonly string[];
      readonly fields: Fields;
      /** What people write before the name. */
      readonly prefix: '' | '@';
    }
  /** It is in the token response itself. */
  | { readonly kind: 'token-response'; readonly fields: Fields };

/** Dotted paths into the JSON answer: the first that holds a text is the name. */
type Fields = readonly [string, ...string[]];

/** What an app of this provider stores of it: the endpoints that its secrets and tokens are sent to from then on. */
export function serverOf(provider: Provider): ServerFacts {
  const { issuer, authorizationEndpoint, tokenEndpoint, deviceAuthorizationEndpoint, revocation } = provider;
  return {
    issuer: issuer ?? null,
    authorizationEndpoint,
    tokenEndpoint,
    deviceEndpoint: deviceAuthorizationEndpoint ?? null,
    revocationEndpoint: revocation.kind === 'rfc7009' ? revocation.endpoint : null,
    userinfoEndpoint: null,
    jwksUri: null,
    issInResponse: provider.sendsIss,
    // Who consented is asked as `identity` says, which needs no ID token.
    openid: false,
    idTokenAlgorithms: [],
  };
}
