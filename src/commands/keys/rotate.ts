import type { Context } from '../../context.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Store } from '../../domain/ports/store.ts';
import { DEFAULT_GRACE } from '../../domain/rotations/plan.ts';
import { commandOn } from '../../domain/shell.ts';
import { DURATION_FORMS, parseDuration, parseExpiry } from '../../domain/time.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { badValue, type Input } from '../input.ts';
import { KEY_SELECTION, YES } from '../options.ts';
import { DELIVERY, deliveryOf } from '../rotations/delivery.ts';
import { endedText } from '../rotations/describe.ts';
import {
  cappedText,
  type Means,
  markShown,
  type Rotated,
  type RotateWish,
  rotatedJson,
  rotateOne,
  takeBack,
} from '../rotations/one.ts';
import { plansFor, showPlans } from '../rotations/plans.ts';
import { rotateSeveral, selectSeveral } from '../rotations/several.ts';
import { expiry, lastUsed, type Shown, showing } from './describe.ts';
import { checkedBy, oneKey, severalAsked } from './which.ts';

export const rotate: Command = {
  name: 'rotate',
  summary: 'give a key a new secret; the old one stays valid for a while',
  details:
    'Same key, same public key, same scopes. With --deliver the old version is cut off only after the new one was delivered and checked; run it again to go on after a failure.',
  arguments: [{ name: '[key...]', about: 'names, ids or public keys', completes: 'key' }],
  options: [
    ...KEY_SELECTION,
    {
      flags: '--grace <duration>',
      about: `how long the old version stays valid, 0 for not at all (default: ${DEFAULT_GRACE.text})`,
    },
    {
      flags: '--expires <when>',
      about: '90d, 2027-02-19 (the end of that day, UTC) or never (default: the same lifetime again)',
    },
    ...DELIVERY,
    { flags: '--if-older-than <duration>', about: 'leave a version alone that was issued since, e.g. 30d' },
    YES,
  ],
  examples: [
    'keys rotate billing',
    'keys rotate billing --grace 0 --yes',
    "keys rotate deploy --grace 1h --deliver 'gh secret set DEPLOY_KEY' --check ./smoke",
    'keys rotate --owner ci --if-older-than 30d --deliver ./put-secret --json',
  ],
  async run(context, input) {
    const wish = await wishOf(context, input);
    const store = await context.store();
    const several = severalAsked(input);
    if (several && wish.delivery === undefined && context.out.audience !== 'json')
      throw needsDelivery('rotating several keys');
    const show = await showing(store);
    const keys = several
      ? await selectSeveral(context, store, input, wish)
      : [await oneKey(context, store, input, checkedBy(input))];
    const shown = keys.map(show);
    if (input.flag('dryRun')) return showPlans(context, await plansFor(context, store, shown, wish));
    if (wish.request.graceMs === 0) await confirmCut(context, input, await cut(context, store, shown, wish));
    const means = { access: await context.operator(), ledger: await context.ledger('unlocked') };
    const [first] = shown;
    if (several || first === undefined) return rotateSeveral(context, means, shown, wish);
    await handOut(context, means, first, await rotateOne(context, means, first, wish));
    return undefined;
  },
};

async function wishOf(context: Context, input: Input): Promise<RotateWish> {
  const delivery = await deliveryOf(context, input);
  if (delivery !== undefined && delivery.deliver === undefined) {
    const which = input.args.length === 1 ? input.args[0] : undefined;
    throw new Failure('usage', '--check and --no-check are about a delivery, and --deliver is missing', {
      hint: `an open delivery can go on without: ${commandOn('rotations resume', which ?? 'NAME')}`,
    });
  }
  const olderThan = input.duration('ifOlderThan');
  if (olderThan !== undefined && delivery === undefined && context.out.audience !== 'json')
    throw needsDelivery('--if-older-than');
  const expires = input.text('expires');
  const parsed = expires === undefined ? undefined : parseExpiry(expires, context.now());
  if (parsed !== undefined && 'reason' in parsed) throw badValue('expires', parsed.reason);
  return {
    request: {
      graceMs: graceOf(input),
      expiresAt: parsed?.at,
      delivery: delivery !== undefined,
      check: typeof delivery?.check === 'object',
    },
    delivery,
    olderThan,
    graceSaid: input.text('grace') === undefined ? undefined : graceOf(input),
  };
}

function needsDelivery(what: string): Failure {
  return new Failure(
    'usage',
    `${what} needs --deliver or --json: there may be no new secret key, or several`,
  );
}

function graceOf(input: Input): number {
  const text = input.text('grace');
  if (text === undefined) return DEFAULT_GRACE.ms;
  const ms = text === '0' ? 0 : parseDuration(text);
  if (ms === undefined) throw badValue('grace', `must be 0 or ${DURATION_FORMS}`);
  return ms;
}

/** The keys that anybody is asked about: what would be refused is, without a question. One alone is at once. */
async function cut(
  context: Context,
  store: Store,
  keys: readonly Shown[],
  wish: RotateWish,
): Promise<readonly Shown[]> {
  const plans = await plansFor(context, store, keys, wish);
  if (plans.length === 1 && plans[0]?.failure !== undefined) throw plans[0].failure;
  return plans.filter(({ failure }) => failure === undefined).map(({ shown }) => shown);
}

const MOST_NAMED = 10;

async function confirmCut(context: Context, input: Input, keys: readonly Shown[]): Promise<void> {
  if (keys.length === 0) return;
  const lines = keys
    .slice(0, MOST_NAMED)
    .map(({ key }) => `${key.name}  ${publicKey(key)}  ${lastUsed(key, context.now())}`);
  if (keys.length > MOST_NAMED) lines.push(`and ${keys.length - MOST_NAMED} more`);
  const when = input.text('deliver') === undefined ? 'at once' : 'when the new one is delivered';
  await confirm(context, input, {
    lines: [...lines, `with --grace 0 every older version stops verifying ${when}`],
    question:
      keys.length === 1
        ? 'rotate it and cut off what is in use?'
        : `rotate these ${keys.length} keys and cut off what is in use?`,
  });
}

/** The answer for one key: its secret key, or with a delivery its public key. */
async function handOut(context: Context, means: Means, shown: Shown, rotated: Rotated): Promise<void> {
  const { out } = context;
  const { key, rotation, plan, secretKey, valid = [] } = rotated;
  const now = context.now();
  if (rotation === undefined || plan === undefined || secretKey === undefined)
    return out.value(publicKey(key), await rotatedJson(means.ledger.store, shown, rotated, now));
  const versions = await means.ledger.store.keys.versions(key.kid);
  await out.say(`rotated ${key.name} in ${shown.workspace}: ${publicKey(key)}`);
  await out.say(
    `version ${key.version} · ${key.mode} · ${expiry(key.expiresAt, now)}${cappedText(plan, shown.workspace)}`,
  );
  await out.say(endedText(key, rotation, { versions, valid }, now));
  try {
    await out.beforeSecret(secretKey);
    if (out.audience === 'json') await out.json(await rotatedJson(means.ledger.store, shown, rotated, now));
    else await out.secret(secretKey);
  } catch (error) {
    throw await takeBack(means, { ...rotated, rotation }, error);
  }
  await markShown(means, rotated, now);
  await out.say(
    `shown once and not stored; if lost: ${commandOn('keys rotate', key.name, '-w', shown.workspace)}`,
  );
}
