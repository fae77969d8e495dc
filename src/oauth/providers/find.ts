import type { Provider } from '../../domain/apps/provider.ts';
import { nearest } from '../../domain/nearest.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import { PROVIDERS } from './all.ts';

/**
 * The built-in provider that is meant by its name, one of its hosts, the origin of one, or its issuer, in any case:
 * `github`, `GitHub`, `github.com`, `https://github.com/`. A URL with a path is none, unless it is the issuer: it may
 * be a resource with an authorization server of its own (`https://gitlab.com/api/v4/mcp`).
 */
export function findProvider(text: string): Provider | undefined {
  const lower = text.toLowerCase();
  const named = PROVIDERS.find(({ name }) => name === lower);
  if (named !== undefined) return named;
  const url = asUrl(lower);
  if (url === undefined) return undefined;
  if (isBare(url)) {
    const host = url.host.replace(/^www\./, '');
    return PROVIDERS.find(({ hosts }) => hosts.includes(host));
  }
  return PROVIDERS.find(({ issuer }) => issuer !== undefined && issuer === text);
}

/**
 * The same, for who asked for a built-in provider in so many words (`--provider`).
 *
 * @throws Failure `not_found` that lists the known ones, the nearest first.
 */
export function requireProvider(text: string): Provider {
  const provider = findProvider(text);
  if (provider !== undefined) return provider;
  const names = PROVIDERS.map(({ name }) => name);
  const near = nearest(text, names);
  const listed = near === undefined ? names : [near, ...names.filter((name) => name !== near)];
  throw new Failure('not_found', `no built-in provider "${text}"`, {
    hint:
      near === undefined
        ? `known: ${listed.join(', ')}; any other server: ${PROGRAM} apps register NAME --issuer URL`
        : `did you mean ${near}? known: ${listed.join(', ')}`,
    ...(near === undefined ? {} : { retry: { replace: text, by: near } }),
  });
}

/** A host alone is read as its origin; what could be a name, or has another scheme, is no URL here. */
function asUrl(text: string): URL | undefined {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  return url?.protocol === 'https:' && url.host.includes('.') ? url : undefined;
}

/** Nothing but scheme, host and port. */
function isBare(url: URL): boolean {
  return url.href === `${url.origin}/`;
}
