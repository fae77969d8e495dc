import { expect, test } from 'vitest';
import { Failure } from '../../src/errors.ts';
import { readMetadata } from '../../src/oauth/metadata.ts';

const ISSUER = 'https://auth.example';
const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
};

const read = (changes: Readonly<Record<string, unknown>>) =>
  readMetadata(ISSUER, { ...METADATA, ...changes });

test('the least that a server says', () => {
  expect(read({})).toEqual({
    server: {
      issuer: ISSUER,
      authorizationEndpoint: `${ISSUER}/authorize`,
      tokenEndpoint: `${ISSUER}/token`,
      deviceEndpoint: null,
      revocationEndpoint: null,
      userinfoEndpoint: null,
      jwksUri: null,
      issInResponse: false,
      openid: false,
      idTokenAlgorithms: [],
    },
    registrationEndpoint: null,
    takesMetadataDocuments: false,
    scopes: [],
    clientAuth: ['client_secret_basic'],
  });
});

test.each([
  { authorization_endpoint: 'http://127.0.0.1:1/authorize', token_endpoint: 'http://127.0.0.1:1/token' },
  { registration_endpoint: 'http://localhost/register' },
  { jwks_uri: 'http://[::1]/jwks' },
])('nobody elsewhere leads to this machine: %j', (changes) => {
  expect(() => read(changes)).toThrow(Failure);
});

test('an ID token is checked only with keys of a pair, and where they are', () => {
  const jwks = { jwks_uri: `${ISSUER}/jwks` };
  const algorithms = {
    id_token_signing_alg_values_supported: ['none', 'HS256', 'RS256', 'ES512', 'EdDSA', 7],
  };
  expect(read({ ...jwks, ...algorithms }).server).toMatchObject({
    openid: true,
    idTokenAlgorithms: ['RS256', 'ES512', 'EdDSA'],
  });
  expect(read(algorithms).server.openid).toBe(false);
  expect(read({ ...jwks, id_token_signing_alg_values_supported: ['none', 'HS256'] }).server.openid).toBe(
    false,
  );
});

test.each([
  [
    ['read', 'a b', '', 7, null, 'x"y', 'read'],
    ['read', 'read'],
  ],
  ['read', []],
  [undefined, []],
])('scopes that it announces: %j', (scopes, expected) => {
  expect(read({ scopes_supported: scopes }).scopes).toEqual(expected);
});

test('only what is said outright is believed', () => {
  const said = read({
    authorization_response_iss_parameter_supported: 'yes',
    client_id_metadata_document_supported: 1,
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_post'],
  });
  expect(said).toMatchObject({ takesMetadataDocuments: false, clientAuth: ['client_secret_post'] });
  expect(said.server.issInResponse).toBe(false);
});

test('without an authorization endpoint the token endpoint is the issuer’s', () => {
  expect(read({ authorization_endpoint: undefined }).server.authorizationEndpoint).toBeNull();
  const elsewhere = { authorization_endpoint: undefined, token_endpoint: 'https://tokens.example/' };
  expect(() => read(elsewhere)).toThrow('refused');
});
