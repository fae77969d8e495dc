import { Failure } from '../../errors.ts';
import type { Discovery, ResourceDiscovery } from '../ports/authorization.ts';
import { type App, type ClientAuth, type ServerFacts, safeUrl } from './app.ts';
import { type Provider, serverOf } from './provider.ts';

/** Where what is known of an app's server comes from, and how its clients may authenticate there. */
export interface Source extends Pick<App, 'provider' | 'resource' | 'server'> {
  readonly offered: readonly ClientAuth[];
}

/** From a built-in provider's facts. */
export function fromProvider(provider: Provider): Source {
  const open = provider.secret === 'optional' ? (['none'] as const) : [];
  const offered = [provider.clientAuthentication, ...open];
  return { provider: provider.name, resource: null, server: serverOf(provider), offered };
}

/** From an issuer's own metadata. */
export function fromIssuer({ server, clientAuth }: Discovery): Source {
  return { provider: null, resource: null, server, offered: clientAuth };
}

/** From what a protected resource says of itself and its server. */
export function fromResource({ resource, server, clientAuth }: ResourceDiscovery): Source {
  return { provider: null, resource, server, offered: clientAuth };
}

/** Endpoints that somebody typed. */
export interface TypedEndpoints {
  readonly issuer?: string | undefined;
  readonly authorization?: string | undefined;
  readonly token: string;
  readonly device?: string | undefined;
  readonly revocation?: string | undefined;
  readonly userinfo?: string | undefined;
}

/** From endpoints that somebody typed. Throws `usage` naming one that nothing may be sent to. */
export function byHand(typed: TypedEndpoints): Source {
  const server: ServerFacts = {
    issuer: optional('issuer', typed.issuer),
    authorizationEndpoint: optional('authorization endpoint', typed.authorization),
    tokenEndpoint: checked('token endpoint', typed.token),
    deviceEndpoint: optional('device endpoint', typed.device),
    revocationEndpoint: optional('revocation endpoint', typed.revocation),
    userinfoEndpoint: optional('userinfo endpoint', typed.userinfo),
    ...{ jwksUri: null, issInResponse: false, openid: false, idTokenAlgorithms: [] },
  };
  return {
    ...{ provider: null, resource: null, server },
    offered: ['client_secret_basic', 'client_secret_post', 'none'],
  };
}

/** How a client with or without a secret authenticates at the source. Throws `usage` where it can't. */
export function clientAuthFor({ offered }: Pick<Source, 'offered'>, hasSecret: boolean): ClientAuth {
  if (!hasSecret) {
    if (offered.includes('none')) return 'none';
    throw new Failure('usage', 'apps of this server need a client secret', {
      hint: 'give it by prompt, --from-stdin, --from-file or --from-env',
    });
  }
  const found = offered.find((one) => one !== 'none');
  if (found !== undefined) return found;
  throw new Failure('usage', 'this server takes no client secret', { hint: 'say --public and give none' });
}

function optional(what: string, text: string | undefined): string | null {
  return text === undefined ? null : checked(what, text);
}

/** As it was typed: an issuer is compared letter by letter (RFC 8414 section 3.3). */
function checked(what: string, text: string): string {
  const url = safeUrl(text);
  if (url instanceof URL) return text;
  throw new Failure('usage', `the ${what} ${url.reason}`, { hint: 'give an https: URL' });
}
