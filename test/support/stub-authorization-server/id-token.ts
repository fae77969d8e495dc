import { generateKeyPairSync, sign as signBytes } from 'node:crypto';
import type { Grant } from './grants.ts';
import type { Stub } from './stub.ts';
import type { ProperIdToken } from './switches.ts';

const KID = 'stub-key';

/** A key pair for ES256, as what signs with it and as the public JWK. */
export function newSigner(): { sign: ProperIdToken['sign']; jwk: Record<string, unknown> } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sign = (header: object, claims: object): string => {
    const input = `${part(header)}.${part(claims)}`;
    const signature = signBytes('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  };
  return { sign, jwk: { ...publicKey.export({ format: 'jwk' }), kid: KID, use: 'sig', alg: 'ES256' } };
}

/** The ID token of a grant, as the switch makes it. */
export function idToken({ issuer, switches, sign }: Stub, { clientId, nonce }: Grant): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: clientId,
    iat: now,
    exp: now + 300,
    ...switches.account,
    ...(nonce === undefined ? {} : { nonce }),
  };
  return switches.idToken({ header: { alg: 'ES256', typ: 'JWT', kid: KID }, claims, sign });
}
