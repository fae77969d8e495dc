import { publicKey } from '../../domain/keys/token.ts';
import { aloneWith } from '../../domain/rotations/alone.ts';
import { refuseUnfinishable } from '../../domain/rotations/deliver.ts';
import { refuseExpired } from '../../domain/rotations/ways-out.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { showing } from '../keys/describe.ts';
import { oneKey } from '../keys/which.ts';
import { FROM_STDIN, WORKSPACE } from '../options.ts';
import { DELIVERY, deliveryOf } from './delivery.ts';
import { goOn, rotatedJson } from './one.ts';

/** Without any command: enough for what was delivered and needs no check. */
const NOTHING = {
  deliver: undefined,
  as: undefined,
  deliverTimeoutMs: 0,
  check: undefined,
  checkTimeoutMs: 0,
};

export const resume: Command = {
  name: 'resume',
  summary: 'go on with an open delivery from where it stopped',
  details:
    'The same secret is delivered again; it is kept sealed until then. What was delivered already needs no --deliver; what was started with a check needs --check or --no-check.',
  arguments: [{ name: '[key]', about: 'name, id or public key', completes: 'key' }],
  options: [WORKSPACE, FROM_STDIN, ...DELIVERY],
  examples: [
    "rotations resume deploy --deliver 'gh secret set DEPLOY_KEY' --check ./smoke",
    'rotations resume deploy --no-check',
  ],
  async run(context, input) {
    const delivery = (await deliveryOf(context, input)) ?? NOTHING;
    const store = await context.store();
    const shown = (await showing(store))(await oneKey(context, store, input, 'opened'));
    const { key } = shown;
    const before = await store.rotations.open(key.kid);
    if (before === undefined) {
      throw new Failure('wrong_state', `no delivery of ${key.name} is open`, {
        hint: `{keywright} rotations list ${publicKey(key)}`,
      });
    }
    await refuseExpired(store, key, before, context.now());
    refuseUnfinishable(before, delivery);
    const means = { access: await context.operator(), ledger: await context.ledger('unlocked') };
    const done = await aloneWith(store, key, () => goOn(context, means, shown, { open: before, delivery }));
    await context.out.value(
      publicKey(key),
      await rotatedJson(means.ledger.store, shown, done, context.now()),
    );
    return undefined;
  },
};
