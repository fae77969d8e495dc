import type { Context } from '../../context.ts';
import { type RekeyPlan, rekey as rekeyStore } from '../../domain/slots/rekey.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { DRY_RUN, YES } from '../options.ts';

export const rekey: Command = {
  name: 'rekey',
  summary: 'make a new root key and seal everything again',
  details:
    'What to do when a slot may have been copied. Every other slot is opened, too; those that can not be opened now are listed and dropped. Keys go on verifying. --dry-run opens each slot, too, and keeps nothing.',
  options: [DRY_RUN, YES],
  examples: ['slots rekey --dry-run', 'slots rekey --yes --passphrase-file /run/secrets/passphrase'],
  async run(context, input) {
    const dryRun = input.flag('dryRun');
    const plan = await planned(context, async (one) => {
      if (dryRun) throw new OnlyLooking(one);
      await confirm(context, input, { lines: linesOf(one), question: 'make a new root key?' });
    });
    for (const line of linesOf(plan)) await context.out.say(line);
    const names = {
      kept: plan.kept.map((slot) => slot.name),
      dropped: plan.dropped.map(({ slot }) => slot.name),
    };
    if (context.out.audience === 'json') await context.out.json(names);
    return undefined;
  },
};

/** Ends a dry run where others are asked: what was made on the way is taken back, as after a no. */
class OnlyLooking extends Error {
  readonly plan: RekeyPlan;

  constructor(plan: RekeyPlan) {
    super('only looking');
    this.plan = plan;
  }
}

async function planned(context: Context, decide: (plan: RekeyPlan) => Promise<void>): Promise<RekeyPlan> {
  await context.store();
  const parts = { secrets: await context.secrets(), sources: context.sources };
  try {
    return await rekeyStore(await context.ledger('locked'), parts, decide);
  } catch (error) {
    if (error instanceof OnlyLooking) return error.plan;
    throw error;
  }
}

function linesOf(plan: RekeyPlan): readonly string[] {
  return [
    ...plan.kept.map((slot) => `kept     ${slot.name} (${slot.kind}, ${slot.role})`),
    ...plan.dropped.map(
      ({ slot, reason }) => `dropped  ${slot.name} (${slot.kind}, ${slot.role}): ${reason}`,
    ),
  ];
}
