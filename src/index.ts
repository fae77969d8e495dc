import type { Context } from './context.ts';
import { newKid } from './domain/ids.ts';
import type { Verification } from './domain/keys/answer.ts';
import { hasherSource } from './domain/keys/hasher-source.ts';
import type { Mode } from './domain/keys/key.ts';
import { noteLateUse } from './domain/keys/late-use.ts';
import { UsageRecorder } from './domain/keys/usage.ts';
import { KeyVerifier } from './domain/keys/verify.ts';
import type { Store } from './domain/ports/store.ts';
import { findWorkspace } from './domain/workspaces/find.ts';
import { Failure, PROGRAM } from './errors.ts';
import { ownHost } from './live-context.ts';

export type { Verification } from './domain/keys/answer.ts';
export type { VerificationCode } from './domain/keys/judge.ts';
export { Failure } from './errors.ts';

/** How often gathered last uses are written, in ms. */
const USAGE_INTERVAL = 1000;

export interface VerifierOptions {
  /** Only keys of this workspace (short name) are valid. Left out: of any. */
  readonly workspace?: string;
  /** Only keys of this mode are valid; `live` when left out. */
  readonly mode?: Mode;
  /** The folder of the store, as `KEYWRIGHT_HOME`; goes before it. */
  readonly home?: string;
  /** Name, id or kind of the slot to unlock with. Left out: a verifier slot, else what opens the store. */
  readonly slot?: string;
}

/** What a request needs of the key it came with. */
export interface Needs {
  /** The key must have all of these. */
  readonly scopes?: readonly string[] | undefined;
  /** Where the request came from; a key that is bound to networks is refused without it. */
  readonly ip?: string | undefined;
}

export interface Verifier {
  /**
   * Verifies a secret key as a caller sent it. Reads it from the store each time: what was revoked is
   * refused from the very next call on, whichever process revoked it. (Only when somebody moves or replaces
   * the store's file by hand is the old one read for up to half a second more.) Anything a caller can send
   * gets an answer; throws `Failure` only when the store cannot be read.
   */
  verify(token: string, needs?: Needs): Promise<Verification>;
  /** Writes the last uses that are still waiting, and closes the store. */
  close(): Promise<void>;
}

/**
 * Opens the store for verifying keys in an app server. Never asks anything. Throws `Failure` with the
 * codes of `keywright help errors`: no store, no way to unlock it, no such workspace.
 */
export async function openVerifier(options: VerifierOptions = {}): Promise<Verifier> {
  refuseUnknown(options, ['workspace', 'mode', 'home', 'slot'], 'openVerifier');
  const { mode = 'live' } = options;
  if (mode !== 'live' && mode !== 'test')
    throw new Failure('usage', `mode must be live or test, not ${String(mode)}`);
  // With `json` nothing is said on stderr, which is the server's.
  const context = ownHost(options.home).open({ json: true, input: false, slot: options.slot });
  try {
    const store = await context.store();
    const workspaceId =
      options.workspace === undefined ? undefined : (await findWorkspace(store, options.workspace)).id;
    const usage = recorder(context, store);
    const hasher = hasherSource(store.slots, () => context.verifier(), context.now);
    // Unlocked now, so that a missing slot is found at the start of the server and not with its first request.
    await hasher();
    const keys = new KeyVerifier({ store, usage, hasher, now: context.now });
    await usage.flush();
    return {
      async verify(token, needs = {}) {
        refuseUnknown(needs, ['scopes', 'ip'], 'verify');
        const { scopes, ip } = needs;
        // A string has characters as elements, so a forgotten array would be a list of no scopes at all.
        if (scopes !== undefined && !Array.isArray(scopes))
          throw new Failure('usage', 'verify: scopes must be an array');
        try {
          return await keys.verify(token, { scopes, ip, workspaceId, mode });
        } catch (error) {
          throw spelled(error);
        }
      },
      async close() {
        try {
          await usage.close();
        } finally {
          await context.close();
        }
      },
    };
  } catch (error) {
    await context.close();
    throw spelled(error);
  }
}

/** Known from its first moment on, so that nobody takes a key for unused whose use it has yet to write. */
function recorder(context: Context, store: Store): UsageRecorder {
  return new UsageRecorder({
    write: (batch) => store.recordUsage(batch),
    later: (task, ms) => context.later(task, ms),
    interval: USAGE_INTERVAL,
    now: context.now,
    lateUse: async (kid, version) => noteLateUse(await context.ledger('locked'), kid, version),
    reporter: { id: () => newKid(context.random), after: 0 },
  });
}

/** A misspelt option must not pass for one that was left out: `scope` for `scopes` would check nothing. */
function refuseUnknown(given: object, known: readonly string[], what: string): void {
  if (typeof given !== 'object' || given === null)
    throw new Failure(
      'usage',
      `${what}: the options are an object, not ${given === null ? 'null' : typeof given}`,
    );
  for (const name in given) {
    if (known.includes(name)) continue;
    throw new Failure('usage', `${what}: there is no option ${name}`, {
      hint: `the options are ${known.join(', ')}`,
    });
  }
}

/** The error with the program's name in its hint, which on the command line the output puts in. */
function spelled(error: unknown): unknown {
  if (!(error instanceof Failure) || error.hint === undefined) return error;
  const hint = error.hint.replaceAll(PROGRAM, 'keywright');
  return new Failure(error.code, error.message, { hint, cause: error.cause });
}
