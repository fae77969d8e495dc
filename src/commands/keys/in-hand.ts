import type { Context } from '../../context.ts';
import { keyId } from '../../domain/ids.ts';
import { type InHand, importedInHand, issuedInHand } from '../../domain/keys/in-hand.ts';
import { parseSecretKey, publicKey } from '../../domain/keys/token.ts';
import type { TokenHasher } from '../../domain/ports/secrets.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { lockedStore } from '../../domain/slots/locked-store.ts';
import { EXIT, Failure } from '../../errors.ts';

/**
 * How a secret key on stdin is checked: not at all, for what only reads; by a slot that opens without asking anybody,
 * for what must work without one; or by the operator slot that the command opens anyway.
 */
export type Checked = 'not' | 'at hand' | 'opened';

/** The key that a secret key names. */
export interface Named {
  readonly name: string;
  /** Was the secret seen to be one that verifies? Only then does it count for who may do nothing by their role. */
  readonly proven: boolean;
}

/**
 * The key whose secret is on stdin. Throws `not_verified` where it can be checked and is none; says so where it can't be
 * checked, and of which version it is when that has ended.
 */
export async function keyOnStdin(context: Context, store: Readers, checked: Checked): Promise<Named> {
  const token = (await context.readSecret({ stdin: true })).reveal().trim();
  const parts = parseSecretKey(token);
  if (parts === undefined) {
    const hasher = async () => (await context.verifier()).hasher;
    const imported = await importedInHand(store, hasher, token, context.now());
    if (imported === undefined)
      throw new Failure('bad_secret_input', 'what is on stdin is no secret key, or was cut or mistyped');
    return told(context, store, imported);
  }
  const unchecked = { name: keyId(parts.kid), proven: false };
  // A key that isn't there is another failure than a secret that isn't its.
  if (checked === 'not' || (await store.keys.byKid(parts.kid)) === undefined) return unchecked;
  const hasher = checked === 'opened' ? (await context.operator()).hasher : await hasherAtHand(context);
  if (hasher === undefined) return unchecked;
  const found = await issuedInHand(store, hasher, token, context.now());
  if (found !== undefined) return told(context, store, found);
  throw new Failure('not_verified', `what is on stdin is no secret of ${publicKey(parts)}, and never was`, {
    hint: `whoever knows a public key can make it up; {keywright} keys show ${publicKey(parts)}`,
  });
}

async function told(context: Context, store: Readers, { kid, version, living }: InHand): Promise<Named> {
  if (!living) {
    const key = await store.keys.byKid(kid);
    await context.out.say(`this is version ${version} of ${key?.name}, which has ended and opens nothing`);
  }
  return { name: keyId(kid), proven: living };
}

/** Nobody is asked for a passphrase, and a store that can't be unlocked keeps nobody from stopping a key. */
async function hasherAtHand(context: Context): Promise<TokenHasher | undefined> {
  const { slot, keyFile, passphraseGiven } = context.sources;
  const nobody = async (): Promise<never> => {
    throw new Failure('passphrase_needed', 'it takes a passphrase');
  };
  const passphrase = passphraseGiven ? context.sources.passphrase : nobody;
  const store = await lockedStore(await context.store());
  try {
    const sources = { slot, keyFile, passphraseGiven, passphrase };
    return (await (await context.secrets()).unlockVerifier(store, sources)).hasher;
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode === EXIT.cancelled) throw error;
    await context.out.say(
      `the secret was not checked, since the store can't be unlocked here: ${error.message}`,
    );
    return undefined;
  }
}
