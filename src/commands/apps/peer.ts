import type { Context } from '../../context.ts';
import { safeUrl } from '../../domain/apps/app.ts';
import type { Provider } from '../../domain/apps/provider.ts';
import { byHand, fromIssuer, fromProvider, fromResource } from '../../domain/apps/source.ts';
import type { Authorization } from '../../domain/ports/authorization.ts';
import { Failure } from '../../errors.ts';
import type { Option } from '../command.ts';
import { badValue, type Input } from '../input.ts';
import type { Peer } from './client.ts';

/** How the server of an app is named: one of these ways. */
export const SERVER: readonly Option[] = [
  { flags: '--provider <provider>', about: 'a built-in provider, such as github' },
  { flags: '--issuer <url>', about: 'a server that publishes its metadata (RFC 8414, OpenID)' },
  {
    flags: '--resource <url>',
    about: 'a protected resource that names its server (RFC 9728), such as an MCP server',
  },
  { flags: '--authorization-endpoint <url>', about: 'by hand: where a person consents' },
  { flags: '--token-endpoint <url>', about: 'by hand: where tokens come from' },
  { flags: '--device-endpoint <url>', about: 'by hand: where a device code comes from' },
  { flags: '--revocation-endpoint <url>', about: 'by hand: where tokens are taken back' },
  { flags: '--userinfo-endpoint <url>', about: 'by hand: where the name of the account is' },
];

const WAYS = ['provider', 'issuer', 'resource', 'tokenEndpoint'] as const;
const BY_HAND = [
  'authorizationEndpoint',
  'deviceEndpoint',
  'revocationEndpoint',
  'userinfoEndpoint',
  'tokenEndpoint',
] as const;

/**
 * The server that the flags name, else the built-in provider that the app's name does. What has to be asked of a
 * server is asked now. Throws `usage`, `not_found` listing the providers, and what discovery throws.
 */
export async function peerOf(context: Context, input: Input, name: string): Promise<Peer> {
  const given = WAYS.filter((way) => input.text(way) !== undefined);
  if (given.length > 1)
    throw new Failure('usage', 'give one of --provider, --issuer, --resource and --token-endpoint');
  const [way] = given;
  const hands = BY_HAND.filter((one) => input.text(one) !== undefined);
  if (hands.length > 0 && way !== 'tokenEndpoint')
    throw new Failure(
      'usage',
      'endpoints by hand need --token-endpoint, and no other way to name the server',
    );
  const authorization = await context.authorization();
  if (way === undefined) return ofName(authorization, name);
  const text = input.text(way) ?? '';
  switch (way) {
    case 'provider':
      return ofProvider(authorization.requireProvider(text));
    case 'issuer':
      return ofIssuer(authorization, checkedUrl('issuer', text));
    case 'resource':
      return ofResource(authorization, checkedUrl('resource', text));
    case 'tokenEndpoint':
      return { source: byHand(endpointsOf(input)), provider: undefined, discovery: undefined };
  }
}

function ofName(authorization: Authorization, name: string): Peer {
  const provider = authorization.findProvider(name);
  if (provider !== undefined) return ofProvider(provider);
  throw new Failure('usage', 'nothing says what server the app is of', {
    hint: 'give --provider, --issuer, --resource, or its endpoints by hand',
  });
}

/** A server of which everything is known already. */
export function ofProvider(provider: Provider): Peer {
  return { source: fromProvider(provider), provider, discovery: undefined };
}

async function ofIssuer(authorization: Authorization, issuer: string): Promise<Peer> {
  const discovery = await authorization.discover(issuer);
  return { source: fromIssuer(discovery), provider: undefined, discovery };
}

/** Asks a protected resource for its server. */
export async function ofResource(authorization: Authorization, resource: string): Promise<Peer> {
  const discovery = await authorization.discoverResource(resource);
  return { source: fromResource(discovery), provider: undefined, discovery };
}

function endpointsOf(input: Input) {
  return {
    authorization: input.text('authorizationEndpoint'),
    token: input.text('tokenEndpoint') ?? '',
    device: input.text('deviceEndpoint'),
    revocation: input.text('revocationEndpoint'),
    userinfo: input.text('userinfoEndpoint'),
  };
}

function checkedUrl(option: string, text: string): string {
  const url = safeUrl(text);
  if ('reason' in url) throw badValue(option, url.reason);
  return text;
}
