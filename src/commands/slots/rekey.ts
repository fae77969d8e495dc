import { type RekeyPlan, rekey as rekeyStore } from '../../domain/slots/rekey.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { YES } from '../options.ts';

export const rekey: Command = {
  name: 'rekey',
  summary: 'make a new root key and seal everything again',
  details:
    'What to do when a slot may have been copied. Every other slot is opened, too; those that can not be opened now are listed and dropped. Keys go on verifying.',
  options: [YES],
  examples: ['slots rekey', 'slots rekey --yes --passphrase-file /run/secrets/passphrase'],
  async run(context, input) {
    await context.store();
    const access = await context.operator();
    const ledger = await context.ledger('unlocked');
    const plan = await rekeyStore(
      ledger,
      { access, secrets: await context.secrets(), sources: context.sources },
      (planned) => confirm(context, input, { lines: linesOf(planned), question: 'make a new root key?' }),
    );
    for (const line of linesOf(plan)) await context.out.say(line);
    const names = {
      kept: plan.kept.map((slot) => slot.name),
      dropped: plan.dropped.map(({ slot }) => slot.name),
    };
    if (context.out.audience === 'json') await context.out.json(names);
    return undefined;
  },
};

function linesOf(plan: RekeyPlan): readonly string[] {
  return [
    ...plan.kept.map((slot) => `kept     ${slot.name} (${slot.kind}, ${slot.role})`),
    ...plan.dropped.map(
      ({ slot, reason }) => `dropped  ${slot.name} (${slot.kind}, ${slot.role}): ${reason}`,
    ),
  ];
}
