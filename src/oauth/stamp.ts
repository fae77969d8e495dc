import { stampOf } from '../domain/apps/app.ts';
import type { Client, HeldTokens } from '../domain/ports/authorization.ts';
import { Failure } from '../errors.ts';
import { hostOf } from './transport/trouble.ts';

/**
 * Tokens go back only where they came from, also when the app's server was discovered again meanwhile and is another.
 *
 * @throws Failure `authorization_mismatch`.
 */
export function requireStamp({ server }: Client, { stamp }: HeldTokens): void {
  if (stamp === stampOf(server)) return;
  const host = hostOf(server.tokenEndpoint);
  throw new Failure('authorization_mismatch', `these tokens came from another server than ${host}`);
}
