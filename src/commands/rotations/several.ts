import type { Context } from '../../context.ts';
import { keyId } from '../../domain/ids.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import { expectCount, selectKeys } from '../../domain/keys/select.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Store } from '../../domain/ports/store.ts';
import { wasInterrupted } from '../../domain/rotations/deliver.ts';
import type { Rotation } from '../../domain/rotations/rotation.ts';
import { EXIT, Failure } from '../../errors.ts';
import { ReaderGone } from '../../terminal/streams.ts';
import type { Input } from '../input.ts';
import type { Shown } from '../keys/describe.ts';
import { selectionOf } from '../keys/which.ts';
import { counted } from '../plural.ts';
import {
  type Means,
  markShown,
  type Rotated,
  type RotateWish,
  rotatedJson,
  rotateOne,
  takeBack,
} from './one.ts';

/**
 * The selected keys. A filter leaves out what can't be rotated, expired keys as well as revoked ones, unless it
 * asks for them; and where the old versions are cut off at once it needs the number of keys when nobody is asked.
 */
export async function selectSeveral(
  context: Context,
  store: Store,
  input: Input,
  wish: RotateWish,
): Promise<readonly ApiKey[]> {
  const now = context.now();
  const selection = await selectionOf(context, store, input);
  const found = await selectKeys(store, selection, now);
  const byFilter = 'filter' in selection;
  const wantsAll = !byFilter || selection.filter.status !== undefined;
  const keys = found.filter(({ expiresAt }) => wantsAll || expiresAt === null || expiresAt > now);
  if (keys.length < found.length)
    await context.out.say(`${counted(found.length - keys.length, 'expired key')} left out`);
  const expect = input.count('expect', 0);
  expectCount(keys.length, expect);
  const mustExpect = byFilter && wish.request.graceMs === 0 && !context.ask.interactive;
  if (mustExpect && expect === undefined && keys.length > 0 && !input.flag('dryRun')) {
    const fit = counted(keys.length, 'key fits', 'keys fit');
    throw new Failure('usage', `--expect is missing: ${fit}, and there is nobody to ask`, {
      hint: 'look at them with --dry-run, then say --expect with their number and --yes',
    });
  }
  return keys;
}

const MOST_NAMED = 10;

interface Failed {
  readonly shown: Shown;
  readonly error: Failure;
  /** What was said of it already: nothing with `--json`, and with `-q` not what to do. */
  readonly told: 'nothing' | 'why' | 'all';
}

/**
 * Rotates one key after the other, each with a journal of its own; one that fails doesn't stop the others. Throws at
 * the end: `rotation_incomplete` if any is, else as the first one failed.
 */
export async function rotateSeveral(
  context: Context,
  means: Means,
  keys: readonly Shown[],
  wish: RotateWish,
): Promise<undefined> {
  const done: { readonly shown: Shown; readonly rotated: Rotated }[] = [];
  const failed: Failed[] = [];
  for (const [i, shown] of keys.entries()) {
    await context.out.say(`${shown.key.name} (${i + 1} of ${keys.length})`);
    try {
      done.push({ shown, rotated: await rotateOne(context, means, shown, wish) });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const interrupted = wasInterrupted(error);
      const { audience } = context.out;
      const told = interrupted || audience === 'json' ? 'nothing' : audience === 'quiet' ? 'why' : 'all';
      failed.push({ shown, error, told });
      // Whoever pressed Ctrl-C meant all of it.
      if (interrupted) break;
      await context.out.warn(`${shown.key.name}: ${error.message}`);
      if (context.out.audience !== 'json' && error.hint !== undefined) await context.out.hint(error.hint);
    }
  }
  await answer(context, means, done, failed).catch((error: unknown) => {
    // That nobody reads the answer is no failure; that keys were not rotated is.
    if (!(error instanceof ReaderGone) || failed.length === 0) throw error;
  });
  const rotated = done.filter((one) => one.rotated.rotation !== undefined).length;
  const alone = done.length - rotated;
  const left = keys.length - done.length - failed.length;
  const parts = [
    `${rotated} rotated`,
    ...(alone > 0 ? [`${alone} left alone`] : []),
    ...(left > 0 ? [`${left} not begun`] : []),
  ];
  if (failed.length === 0) {
    await context.out.say(keys.length === 0 ? 'no key fits' : parts.join(', '));
    return undefined;
  }
  throw summary(failed, keys.length, parts);
}

/** All answers at once: secret keys only ever as JSON. When they can't be written every rotation is taken back. */
async function answer(
  context: Context,
  means: Means,
  done: readonly { readonly shown: Shown; readonly rotated: Rotated }[],
  failed: readonly Failed[],
): Promise<void> {
  const { out } = context;
  const now = context.now();
  if (out.audience !== 'json') {
    for (const { rotated } of done) await out.value(publicKey(rotated.key), {});
    return;
  }
  const secret = done.filter(({ rotated }) => rotated.secretKey !== undefined);
  try {
    for (const { rotated } of secret)
      if (rotated.secretKey !== undefined) await out.beforeSecret(rotated.secretKey);
    const items: object[] = [];
    for (const { shown, rotated } of done)
      items.push(await rotatedJson(means.ledger.store, shown, rotated, now));
    await out.json({ keys: items, failed: failed.map((one) => failedJson(context, one)) });
  } catch (error) {
    const failures: Failure[] = [];
    for (const { rotated } of secret)
      failures.push(await takeBack(means, { ...rotated, rotation: rotated.rotation as Rotation }, error));
    throw besides(allTakenBack(secret, failures), failed) ?? error;
  }
  for (const { rotated } of secret) await markShown(means, rotated, now);
}

/** With the keys that were not rotated at all: the answer that tells of them couldn't be written either. */
function besides(failure: Failure | undefined, failed: readonly Failed[]): Failure | undefined {
  if (failure === undefined || failed.length === 0) return failure;
  const names = failed.slice(0, MOST_NAMED).map(({ shown, error }) => `${shown.key.name}: ${error.message}`);
  const { hint, cause } = failure;
  return new Failure(failure.code, `${failure.message}; ${names.join('; ')}`, { hint, cause });
}

/** What became of all of them, when none of their secrets could be shown: those that could not be rolled back first. */
function allTakenBack(
  secret: readonly { readonly shown: Shown }[],
  failures: readonly Failure[],
): Failure | undefined {
  if (failures.length < 2) return failures[0];
  const stuck = failures.filter(({ hint }) => hint !== undefined);
  const back = secret.filter((_, n) => failures[n]?.hint === undefined).map(({ shown }) => shown.key.name);
  const more = back.length > MOST_NAMED ? ` and ${back.length - MOST_NAMED} more` : '';
  const all = `the secret keys could not be written, so ${counted(back.length, 'rotation')} ${back.length === 1 ? 'was' : 'were'} rolled back: ${back.slice(0, MOST_NAMED).join(', ')}${more}`;
  const parts = [...stuck.map(({ message }) => message), ...(back.length > 0 ? [all] : [])];
  const hints = stuck.map(({ hint }) => hint);
  return new Failure('output_failed', parts.join('; '), {
    hint: hints.length === 0 ? undefined : hints.join('; '),
    cause: failures[0],
  });
}

function failedJson({ out }: Context, { shown: { key }, error }: Failed): object {
  const { code, message, hint } = error;
  return {
    id: keyId(key.kid),
    public_key: publicKey(key),
    name: key.name,
    error: { code, message: out.spelled(message), hint: hint === undefined ? null : out.spelled(hint) },
  };
}

function summary(failed: readonly Failed[], all: number, parts: readonly string[]): Failure {
  const incomplete = failed.find(({ error }) => error.exitCode === EXIT.incomplete);
  const first = incomplete ?? (failed[0] as Failed);
  const count = `${failed.length} of ${all} ${all === 1 ? 'key' : 'keys'}`;
  const inTurn = [first, ...failed];
  const untold = inTurn.find(({ told }) => told === 'nothing');
  const why = untold === undefined ? '' : `; ${untold.shown.key.name}: ${untold.error.message}`;
  const hint = inTurn.find(({ told }) => told !== 'all')?.error.hint;
  const message = `${count} failed (${parts.join(', ')})${why}`;
  return new Failure(first.error.code, message, { hint, cause: first.error });
}
