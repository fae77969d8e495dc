import type { Failure } from '../../errors.ts';
import type { ClientAuth, ServerFacts } from '../apps/app.ts';
import type { Provider } from '../apps/provider.ts';
import type { ProviderScope } from '../apps/scopes.ts';
import type { Secret } from '../secret.ts';

/** Only the checks of a redirect make what carries this mark. */
declare const checked: unique symbol;

/** A redirect that carries a code and the state of our request. Nothing else can be exchanged. */
export interface ValidatedCallback {
  readonly kind: 'code';
  /** The whole redirect URL with code, state and `iss`. */
  readonly redirect: Secret;
  readonly [checked]: true;
}

/** A redirect that carries an error and the state of our request. */
export interface RefusedCallback {
  readonly kind: 'denied' | 'error';
  /** The server's error code, one short line. */
  readonly error: string;
  /** In the server's own words, one line. */
  readonly description: string | undefined;
  /** The whole redirect URL. */
  readonly redirect: Secret;
}

/** What speaks for an app: the facts stored with it, and its secret. An `App` with its secret opened is one. */
export interface Client {
  /** Name of a built-in provider, whose habits are followed; null: those of the standards. */
  readonly provider: string | null;
  readonly server: ServerFacts;
  readonly clientId: string;
  readonly clientAuth: ClientAuth;
  /** Undefined for a public client. */
  readonly secret: Secret | undefined;
  /** The protected resource that tokens are for (RFC 8707). */
  readonly resource: string | null;
}

/** What a server says about itself, beyond what an app of it stores. */
export interface Discovery {
  readonly server: ServerFacts;
  /** RFC 7591; null when apps can't register themselves. */
  readonly registrationEndpoint: string | null;
  /** Does it take a URL as a client id (client id metadata document)? */
  readonly takesMetadataDocuments: boolean;
  /** Scopes it announces; perhaps not all. What is none is left out. */
  readonly scopes: readonly ProviderScope[];
  /** How clients may authenticate, of what we can do. */
  readonly clientAuth: readonly ClientAuth[];
}

/** What a protected resource says about itself (RFC 9728), and its first authorization server. */
export interface ResourceDiscovery extends Discovery {
  /** The resource as it names itself: the `resource` of every request. */
  readonly resource: string;
  /** Scopes the resource announces; its server's when it announces none. */
  readonly scopes: readonly ProviderScope[];
}

export interface RegistrationRequest {
  /** Shown to the person who consents. */
  readonly name: string;
  readonly redirectUri: string;
  readonly scopes: readonly ProviderScope[];
}

/** A client that registered itself. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly clientAuth: ClientAuth;
  readonly secret: Secret | undefined;
  /** When the secret ends, ms since 1970; null: never, or there is none. */
  readonly secretExpiresAt: number | null;
}

/** What a consent, a refresh or a client's own credentials bring. */
export interface Tokens {
  readonly accessToken: Secret;
  /** Undefined: none came; after a refresh the one that was sent goes on. */
  readonly refreshToken: Secret | undefined;
  /** Ms since 1970, at most ten years ahead; null: the server doesn't say. */
  readonly expiresAt: number | null;
  /** What was granted; undefined: the server doesn't say, so just what was asked (RFC 6749 section 5.1). */
  readonly scopes: readonly ProviderScope[] | undefined;
  /** The account as the answer itself names it, one line of at most 100 characters. */
  readonly account: string | undefined;
  /** `sub` of the checked ID token: userinfo must be about the same. */
  readonly subject: string | undefined;
}

/** The tokens of a grant as they are stored. */
export interface HeldTokens {
  /** `stampOf` the server they came from. A client of another is refused before anything is sent. */
  readonly stamp: string;
  readonly accessToken: Secret | undefined;
  readonly refreshToken: Secret | undefined;
  /** The redirect URI of the authorization, for providers that want to hear it again. */
  readonly redirectUri: string | null;
}

export interface AuthorizationRequest {
  readonly redirectUri: string;
  /** None: whatever the provider grants then. */
  readonly scopes: readonly ProviderScope[];
}

/** One authorization on its way. The verifier and nonce are known to it alone; it works once. */
export interface Attempt {
  /** What the person opens. State, nonce and challenge are in it; the verifier isn't. */
  readonly url: string;
  /** What the callback server waits for. */
  readonly state: Secret;
  /**
   * Gets the tokens for a code. Checks `iss` (RFC 9207) before anything is sent, then the ID token where `openid` was
   * asked for. Throws `authorization_mismatch`, `consent_denied`, `provider_failed`, `provider_unreachable`.
   */
  exchange(callback: ValidatedCallback): Promise<Tokens>;
  /** What an error in the redirect means: `consent_denied`, `provider_failed`, or `authorization_mismatch` when its `iss` is wrong. */
  failureOf(callback: RefusedCallback): Promise<Failure>;
}

/** A device authorization on its way (RFC 8628). The device code is known to it alone. */
export interface DeviceAttempt {
  /** What the person types there; one line of at most 64 characters. */
  readonly userCode: string;
  /** Where: https, or http on this machine. */
  readonly verificationUri: string;
  /** The same with the code in it. */
  readonly verificationUriComplete: string | undefined;
  /** Ms since 1970. */
  readonly expiresAt: number;
  /**
   * Asks at the server's intervals until there is an answer. Throws `consent_denied`, `consent_timeout`,
   * `provider_failed`, `authorization_mismatch`; the signal's reason when it is raised, but not before a request that is
   * out was answered: it may bring tokens.
   */
  poll(options?: { readonly signal?: AbortSignal | undefined }): Promise<Tokens>;
}

/** What came of a refresh. Whoever gets `tokens` stores them before anything else. */
export type RefreshOutcome =
  | { readonly kind: 'tokens'; readonly tokens: Tokens }
  /** The server says that this refresh token is no good and never will be. */
  | { readonly kind: 'refused'; readonly error: string; readonly failure: Failure }
  /** Not a byte of the request went out: to try again is safe. */
  | { readonly kind: 'not-sent'; readonly failure: Failure }
  /** It went out and nothing usable came back: it may have been carried out, and the token used up. */
  | { readonly kind: 'no-answer'; readonly failure: Failure }
  /** The server answered that it didn't do it, for another reason (`error`, if it named one); the token is as good as before. */
  | { readonly kind: 'failed'; readonly error?: string | undefined; readonly failure: Failure };

/**
 * `unsupported`: the provider has no way; the person does it on `page`, if it has one. `revoked` also when there was
 * nothing left to take back.
 */
export type RevocationOutcome =
  | { readonly kind: 'revoked' }
  | { readonly kind: 'unsupported'; readonly page: string | null };

/**
 * How apps are authorized (RFC 6749 and what grew on it). Every request goes to an endpoint stored with the app or of
 * the provider's facts, over https or within this machine, follows no redirect, and ends on time. What it throws is a
 * `Failure`: `provider_unreachable` (nothing came back), `provider_failed` (an error, or nothing usable) or
 * `authorization_mismatch`; they name the host and hold nothing secret.
 */
export interface Authorization {
  /** The built-in provider meant by a name, host, origin or issuer. */
  findProvider(text: string): Provider | undefined;
  /** The same, for who asked for one in so many words. Throws `not_found` listing the known. */
  requireProvider(text: string): Provider;
  /** RFC 8414, else OpenID Connect Discovery. The issuer must be the very text that its metadata carry. */
  discover(issuer: string): Promise<Discovery>;
  /** RFC 9728, where the resource or its well-known address says; then its authorization server. */
  discoverResource(resource: string): Promise<ResourceDiscovery>;
  /** RFC 7591, as a native app and a public client where the server takes one. */
  register(discovery: Discovery, request: RegistrationRequest): Promise<RegisteredClient>;
  /** Makes an authorization URL with PKCE, state and, where `openid` is asked for and can be checked, nonce. Sends nothing. */
  begin(client: Client, request: AuthorizationRequest): Promise<Attempt>;
  /** Throws `wrong_state` when the server has no device flow; the signal's reason when it is raised. */
  startDevice(
    client: Client,
    scopes: readonly ProviderScope[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<DeviceAttempt>;
  /** RFC 6749 section 4.4. A refresh token in the answer is dropped: the credentials are one. */
  clientCredentials(client: Client, scopes: readonly ProviderScope[]): Promise<Tokens>;
  /** One request, sent once. Throws only before anything is sent: `authorization_mismatch`, `needs_authorization`. */
  refresh(client: Client, held: HeldTokens): Promise<RefreshOutcome>;
  /** RFC 7009 or the provider's own way. */
  revoke(client: Client, held: HeldTokens): Promise<RevocationOutcome>;
  /**
   * The name of the account that consented: from the answer, else the provider's endpoint, else userinfo. Undefined
   * when nobody says. Throws when asking failed; the tokens are good all the same. Throws the signal's reason when it is
   * raised.
   */
  identify(
    client: Client,
    tokens: Tokens,
    asked: readonly ProviderScope[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<string | undefined>;
}
