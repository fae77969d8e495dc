/** Where an app's client secret goes, RFC 6749 section 2.3.1 and RFC 7591 section 2. */
export type ClientAuth = 'client_secret_basic' | 'client_secret_post' | 'none';

/** How the app came to be known to its provider. */
type Registration = 'by-hand' | 'dynamic' | 'metadata-document';

/** What is known of an authorization server. Every URL is https, or http on loopback. */
export interface ServerFacts {
  /** RFC 8414 issuer; null for a provider that has none. Everything that was got from it is bound to it. */
  readonly issuer: string | null;
  readonly authorizationEndpoint: string | null;
  readonly tokenEndpoint: string;
  readonly deviceEndpoint: string | null;
  readonly revocationEndpoint: string | null;
  readonly userinfoEndpoint: string | null;
  readonly jwksUri: string | null;
  /** Does it announce RFC 9207 `iss`? Then a callback without is refused. */
  readonly issInResponse: boolean;
  /** Does it announce OpenID Connect, with all that checking an ID token needs? Else one is never read. */
  readonly openid: boolean;
  /** Algorithms that its ID tokens may be signed with; never one that needs no key pair. */
  readonly idTokenAlgorithms: readonly string[];
}

/**
 * What secrets and tokens are bound to: the issuer, and the origin that they are sent to. Both, so that neither another
 * issuer nor the same one with its token endpoint moved elsewhere is ever sent what was got before (RFC 9700 section 2.1).
 */
export function stampOf({ issuer, tokenEndpoint }: ServerFacts): string {
  return `${issuer ?? '-'} ${new URL(tokenEndpoint).origin}`;
}

const LOOPBACK = /^(?:127(?:\.[0-9]{1,3}){3}|\[::1\]|localhost)$/;
/** An authorization URL with many scopes is long. */
const LONGEST_URL = 16_384;

/**
 * Reads a URL that something is sent to or that a browser is opened with: https, or http on this machine; no user name,
 * password or fragment. As it was written, if it is one; it is sent as `new URL` writes it.
 */
export function safeUrl(text: string): URL | { readonly reason: string } {
  const url = text.length > LONGEST_URL ? null : URL.parse(text);
  if (url === null) return { reason: 'is not a URL' };
  const isPlain = url.protocol === 'http:' && LOOPBACK.test(url.hostname);
  if (url.protocol !== 'https:' && !isPlain) return { reason: 'is neither https nor on this machine' };
  if (url.username !== '' || url.password !== '') return { reason: 'holds a user name or password' };
  return url.hash === '' ? url : { reason: 'has a fragment' };
}

/** A registered OAuth client. Times are milliseconds since 1970, UTC. */
export interface App {
  /** `app_` and 12 base62 characters; its sealed client secret is recorded under it, field `client_secret`. */
  readonly id: string;
  readonly workspaceId: string;
  /** Unique in the workspace. */
  readonly name: string;
  /** Name of a built-in provider; null: from metadata or by hand. */
  readonly provider: string | null;
  /** The protected resource it is for (RFC 8707), when it was given by URL. */
  readonly resource: string | null;
  readonly server: ServerFacts;
  readonly clientId: string;
  readonly clientAuth: ClientAuth;
  readonly registration: Registration;
  /** Scopes it may ask for; null: any. */
  readonly allowlist: readonly string[] | null;
  /** The port its redirect URI must have; null: any. */
  readonly redirectPort: number | null;
  readonly integrationId: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
  /** Set when it was removed while a revocation was pending at its provider: kept for that alone. */
  readonly removedAt: number | null;
}

/** One authorization of an app for a workspace and account. */
export interface Grant {
  /** `grant_` and 12 base62 characters; tokens are sealed under it, fields `access_token`, `refresh_token`. */
  readonly id: string;
  readonly appId: string;
  readonly workspaceId: string;
  /** `@ana`, `a@x.io`, or `default` where the provider doesn't say; unique per app. `client`: client credentials alone. */
  readonly account: string;
  readonly kind: 'user' | 'client-credentials';
  /** `stampOf` the server that the tokens came from: they are sent to no other. */
  readonly stamp: string;
  /** Where the consent came back to, which some providers want to hear again; null without a redirect. */
  readonly redirectUri: string | null;
  readonly asked: readonly string[];
  readonly granted: readonly string[];
  readonly authorizedAt: number;
  readonly authorizedBy: string;
  /** Version of the stored tokens; every stored refresh raises it. */
  readonly tokenVersion: number;
  /** When the access token ends; null: unknown. */
  readonly tokenExpiresAt: number | null;
  readonly refreshable: boolean;
  readonly refreshedAt: number | null;
  /** Why consent is needed again; null while it isn't. */
  readonly needsReason: string | null;
  /** Revoked here; at the provider, too, unless `revocationPending`. */
  readonly revokedAt: number | null;
  readonly revocationPending: boolean;
}
export type GrantStatus = 'active' | 'expired' | 'needs-authorization' | 'revocation-pending' | 'revoked';

/** Written before a refresh is sent, taken away when its answer is stored. What is left over is uncertain. */
export interface RefreshIntent {
  readonly grantId: string;
  readonly tokenVersion: number;
  readonly sentAt: number;
  /** No answer came: it may have been used up. */
  readonly uncertain: boolean;
}
