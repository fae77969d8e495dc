import { randomBytes } from 'node:crypto';

/** One consent (or one client-credentials grant) and everything that came of it. */
export interface Grant {
  readonly clientId: string;
  readonly scope: string | undefined;
  /** RFC 8707. */
  readonly resource: string | undefined;
  readonly nonce: string | undefined;
  alive: boolean;
}

export interface Code {
  readonly grant: Grant;
  readonly redirectUri: string | undefined;
  readonly challenge: string | undefined;
  used: boolean;
}

export interface Token {
  readonly kind: 'access' | 'refresh';
  readonly grant: Grant;
  readonly scope: string | undefined;
  /** Live, used up by a rotation, or taken back. */
  state: 'live' | 'spent' | 'revoked';
}

interface DeviceCode {
  readonly grant: Grant;
  polls: number;
  used: boolean;
}

/** All that the server remembers. */
export interface Grants {
  readonly codes: Map<string, Code>;
  readonly tokens: Map<string, Token>;
  readonly devices: Map<string, DeviceCode>;
}

export function noGrants(): Grants {
  return { codes: new Map(), tokens: new Map(), devices: new Map() };
}

/** A value nobody guesses, recognisable in a dump: `rt_…`. */
export function fresh(prefix: string): string {
  return `${prefix}_${randomBytes(24).toString('base64url')}`;
}

export function isLive(token: Token | undefined): token is Token {
  return token?.state === 'live' && token.grant.alive;
}
