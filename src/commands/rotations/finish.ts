import type { Context } from '../../context.ts';
import type { ApiKey, KeyVersion } from '../../domain/keys/key.ts';
import { publicKey } from '../../domain/keys/token.ts';
import { endable, finishOverlap, notIdle, whyNotIdle } from '../../domain/rotations/overlap.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Input } from '../input.ts';
import { keyJson, lastUsed, type Shown, showing } from '../keys/describe.ts';
import { checkedBy, keyInHand } from '../keys/which.ts';
import { DRY_RUN, FROM_STDIN, WORKSPACE, YES } from '../options.ts';

export const finish: Command = {
  name: 'finish',
  summary: 'end an overlap now: only the current version verifies from then on',
  details:
    'For a leaked older version. With --if-idle only when the new version was used and the older ones were not for that long, as far as every running verifier has reported; exit 9 until then.',
  arguments: [{ name: '[key]', about: 'name, id or public key', completes: 'key' }],
  options: [
    WORKSPACE,
    FROM_STDIN,
    { flags: '--if-idle <duration>', about: 'only when older versions were not used for, e.g. 1h' },
    DRY_RUN,
    YES,
  ],
  examples: ['rotations finish deploy', 'rotations finish deploy --if-idle 1h --yes'],
  async run(context, input) {
    const idleMs = input.duration('ifIdle');
    const store = await context.store();
    const { key: named, withSecret } = await keyInHand(context, store, input, checkedBy(input));
    const shown = (await showing(store))(named);
    const living = await endable(store, context.actor(), named, { now: context.now(), withSecret });
    if (living.length === 0) return nothing(context, shown);
    // Looked at again in the transaction; here, so that nobody is asked about what is refused anyway.
    const busy =
      idleMs === undefined
        ? undefined
        : whyNotIdle(shown.key, living, await store.verifiers(), idleMs, context.now());
    if (busy !== undefined) throw notIdle(busy);
    if (input.flag('dryRun')) {
      await context.out.say(`would end: ${numbers(living)}`);
      return answer(
        context,
        shown,
        living.map(({ version }) => version),
      );
    }
    await ask(context, input, shown.key, living);
    const ledger = await context.ledger('unlocked');
    const { key, ended } = await finishOverlap(ledger, shown.key, {
      idleMs,
      withSecret,
    });
    if (ended.length === 0) return nothing(context, { ...shown, key });
    await context.out.say(
      `ended ${ended.length === 1 ? 'version' : 'versions'} ${ended.join(', ')} of ${key.name}`,
    );
    return answer(context, { ...shown, key }, ended);
  },
};

async function nothing(context: Context, shown: Shown): Promise<undefined> {
  await context.out.say(`no older version of ${shown.key.name} verifies; there is nothing to end`);
  return answer(context, shown, []);
}

async function answer(context: Context, shown: Shown, ended: readonly number[]): Promise<undefined> {
  if (context.out.audience === 'table') return undefined;
  const json = { ...keyJson(shown, context.now()), ended_versions: ended };
  await context.out.value(publicKey(shown.key), json);
  return undefined;
}

async function ask(
  context: Context,
  input: Input,
  key: ApiKey,
  living: readonly KeyVersion[],
): Promise<void> {
  const now = context.now();
  const lines = living.map(
    ({ version, lastUsedAt }) => `version ${version} of ${key.name}  ${lastUsed(key, now, lastUsedAt)}`,
  );
  await confirm(context, input, {
    lines: [...lines, 'whoever still uses it is locked out at once; this can not be taken back'],
    question: living.length === 1 ? 'end it?' : `end these ${living.length} versions?`,
  });
}

function numbers(living: readonly KeyVersion[]): string {
  return `${living.length === 1 ? 'version' : 'versions'} ${living.map(({ version }) => version).join(', ')}`;
}
