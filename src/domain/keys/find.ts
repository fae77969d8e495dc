import { Failure, PROGRAM } from '../../errors.ts';
import { kidOfId } from '../ids.ts';
import { notFound } from '../nearest.ts';
import type { Readers } from '../ports/store.ts';
import type { ApiKey } from './key.ts';
import { parsePublicKey, publicKey } from './token.ts';

/**
 * The key that a person means by an id, a public key or a name. A name means the unrevoked key, else
 * the only revoked one. `workspaceId` narrows. Throws `not_found` with the nearest name, `ambiguous`
 * with the public keys.
 */
export async function findKey(
  store: Readers,
  text: string,
  workspaceId: string | undefined,
): Promise<ApiKey> {
  const kid = kidOfId(text) ?? parsePublicKey(text)?.kid;
  if (kid !== undefined) return byKid(store, kid, text, workspaceId);
  const found = await store.keys.byName(workspaceId, text.normalize('NFC'));
  const [first, ...more] = found;
  if (first === undefined) throw await unknown(store, text, workspaceId);
  if (more.length === 0) return first;
  const list = found.slice(0, 10).map((key) => publicKey(key));
  throw new Failure('ambiguous', `${found.length} keys are called "${text}"`, {
    hint: `name one of ${list.join(', ')}`,
  });
}

async function byKid(
  store: Readers,
  kid: string,
  text: string,
  workspaceId: string | undefined,
): Promise<ApiKey> {
  const key = await store.keys.byKid(kid);
  const shape = parsePublicKey(text);
  const same = shape === undefined || (key?.brand === shape.brand && key.mode === shape.mode);
  if (key !== undefined && same && (workspaceId === undefined || key.workspaceId === workspaceId)) return key;
  throw new Failure('not_found', `no key ${text}${workspaceId === undefined ? '' : ' in this workspace'}`, {
    hint: `${PROGRAM} keys list`,
  });
}

async function unknown(store: Readers, text: string, workspaceId: string | undefined): Promise<Failure> {
  const names = [
    ...(await store.keys.names(workspaceId, text.slice(0, 1), 500)),
    ...(await store.keys.names(workspaceId, '', 500)),
  ];
  return notFound(`no key "${text}"`, text, names, `${PROGRAM} keys list`);
}
