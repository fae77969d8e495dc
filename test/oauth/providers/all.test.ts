import { describe, expect, test } from 'vitest';
import type { Provider } from '../../../src/domain/apps/provider.ts';
import { parseProviderScope } from '../../../src/domain/apps/scopes.ts';
import { PROVIDERS } from '../../../src/oauth/providers/all.ts';
import { filesUnder } from '../../support/source-graph.ts';

/** What is wrong with the facts of a provider, each as one line; the sweep and its broken tables use the same rules. */
const RULES: { readonly [rule: string]: (provider: Provider) => boolean } = {
  'its name can be typed': ({ name }) => /^[a-z][a-z0-9]+$/.test(name),
  'every URL is https, without user, query or fragment that was not meant': (provider) =>
    urlsOf(provider).every((text) => {
      const url = URL.parse(text.replace('{client_id}', 'x'));
      return url?.protocol === 'https:' && url.username === '' && url.password === '' && url.search === '';
    }),
  'an endpoint is written as it will be sent': (provider) =>
    endpointsOf(provider).every((text) => new URL(text).href === text && new URL(text).hash === ''),
  'its sources are pages of different addresses': ({ sources }) =>
    sources.length > 0 && new Set(sources).size === sources.length,
  'its hosts are plain host names': ({ hosts }) =>
    hosts.every((host) => new URL(`https://${host}`).host === host),
  'its issuer is among the sources, as published metadata': ({ issuer, sources }) =>
    issuer === undefined || sources.some((source) => metadataOf(issuer).includes(source)),
  'who sends `iss` has an issuer to compare it with': ({ issuer, sendsIss }) =>
    issuer !== undefined || !sendsIss,
  'an issuer has neither query nor slash at its end': ({ issuer }) =>
    issuer === undefined || !(/[?#]/.test(issuer) || issuer.endsWith('/')),
  'the flow keeps its own parameters': ({ authorizationParameters }) =>
    ['client_id', 'redirect_uri', 'response_type', 'scope', 'user_scope', 'state', 'nonce', 'resource'].every(
      (name) => !Object.hasOwn(authorizationParameters, name),
    ) && Object.keys(authorizationParameters).every((name) => !name.startsWith('code_challenge')),
  'who never says what was granted is not asked either': ({ scopes }) =>
    scopes.field !== null || scopes.parameter === null,
  'the scope that brings a refresh token is one': ({ refresh }) =>
    refresh.given !== 'scope' || 'scope' in parseProviderScope(refresh.scope),
  'refresh tokens that come by parameter have one': ({ refresh, authorizationParameters }) =>
    refresh.given !== 'parameter' || Object.values(authorizationParameters).includes('offline'),
  'every scope it names is one, and can be asked for': ({ scopes, identity }) =>
    [
      ...(identity.kind === 'request' ? identity.scopes : []),
      ...Object.entries(scopes.aliases ?? {}).flat(),
      ...(scopes.unsaid ?? []),
    ].every((scope) => 'scope' in parseProviderScope(scope) && !scope.includes(',')),
  'what is registered is the loopback address': ({ redirect }) =>
    redirect.kind !== 'any-port' ||
    redirect.register === null ||
    /^http:\/\/127\.0\.0\.1\//.test(redirect.register),
  'a revocation carries the token somewhere': ({ revocation }) =>
    revocation.kind !== 'request' || (revocation.authorization === 'bearer') === (revocation.body === null),
  'a JSON body is JSON and is posted': ({ identity }) =>
    identity.kind !== 'request' ||
    identity.body === undefined ||
    (identity.method === 'POST' && typeof JSON.parse(identity.body) === 'object'),
  'a note is one line without a final period': ({ registration }) =>
    registration.note === undefined || /^[^\n]*[^\n.]$/.test(registration.note),
};

function endpointsOf(provider: Provider): readonly string[] {
  const { authorizationEndpoint, tokenEndpoint, deviceAuthorizationEndpoint, identity, revocation } =
    provider;
  return [
    authorizationEndpoint,
    tokenEndpoint,
    deviceAuthorizationEndpoint ?? [],
    revocation.kind === 'none' ? [] : revocation.endpoint.replace('{client_id}', 'x'),
    identity.kind === 'request' ? identity.endpoint : [],
  ].flat();
}

function urlsOf(provider: Provider): readonly string[] {
  const { issuer, registration, revocation, sources } = provider;
  const page = revocation.kind === 'none' ? [revocation.page] : [];
  return [...endpointsOf(provider), ...sources, registration.page, ...page, issuer ?? []].flat();
}

/** Where an issuer's metadata are (RFC 8414 section 3.1, OpenID Connect Discovery section 4). */
function metadataOf(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname === '/' ? '' : pathname;
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}

const cases = PROVIDERS.map((provider) => [provider.name, provider] as const);

describe.each(cases)('%s', (_, provider) => {
  test.each(Object.keys(RULES))('%s', (rule) => {
    expect(RULES[rule]?.(provider)).toBe(true);
  });
});

/** A table with one fact broken, and the rule that must see it. */
const first = PROVIDERS.find(({ name }) => name === 'github') as Provider;
test.each<[keyof typeof RULES & string, Partial<Provider>]>([
  ['its name can be typed', { name: 'Git Hub' }],
  [
    'every URL is https, without user, query or fragment that was not meant',
    { tokenEndpoint: 'http://github.com/t' },
  ],
  ['an endpoint is written as it will be sent', { tokenEndpoint: 'https://github.com/a/../t' }],
  ['its sources are pages of different addresses', { sources: ['https://a.example/', 'https://a.example/'] }],
  ['its hosts are plain host names', { hosts: ['https://github.com'] }],
  ['its issuer is among the sources, as published metadata', { issuer: 'https://github.com' }],
  ['an issuer has neither query nor slash at its end', { issuer: 'https://github.com/' }],
  ['the flow keeps its own parameters', { authorizationParameters: { state: 'x' } }],
  ['who never says what was granted is not asked either', { scopes: { ...first.scopes, field: null } }],
  [
    'the scope that brings a refresh token is one',
    { refresh: { given: 'scope', scope: 'a b', rotates: 'no' } },
  ],
  ['refresh tokens that come by parameter have one', { refresh: { given: 'parameter', rotates: 'no' } }],
  ['every scope it names is one, and can be asked for', { scopes: { ...first.scopes, unsaid: ['a,b'] } }],
  [
    'what is registered is the loopback address',
    { redirect: { kind: 'any-port', register: 'http://0.0.0.0/' } },
  ],
  [
    'a note is one line without a final period',
    { registration: { page: first.registration.page, note: 'a.' } },
  ],
])('a broken table is seen: %s', (rule, broken) => {
  expect(RULES[rule]?.({ ...first, ...broken })).toBe(false);
});

test('who sends `iss` without an issuer is seen', () => {
  const { issuer: _, ...rest } = first;
  expect(RULES['who sends `iss` has an issuer to compare it with']?.(rest)).toBe(false);
});

test('no name, host or issuer stands for two providers, and a host is not another one’s name', () => {
  const all = PROVIDERS.flatMap(({ name, hosts, issuer }) => [name, ...hosts, issuer ?? []].flat());
  expect(new Set(all).size).toBe(all.length);
});

test('every provider has a file of its own and is in the list, in the order of the alphabet', () => {
  const files = filesUnder('src/oauth/providers').map((path) => path.replace(/^.*\/|\.ts$/g, ''));
  const names = PROVIDERS.map(({ name }) => name);
  expect(files.filter((file) => !['all', 'find'].includes(file)).sort()).toEqual(names);
});

test('those the issue names are there', () => {
  const names = PROVIDERS.map(({ name }) => name);
  for (const name of ['github', 'google', 'microsoft', 'gitlab', 'slack', 'atlassian', 'linear', 'notion']) {
    expect(names).toContain(name);
  }
});
