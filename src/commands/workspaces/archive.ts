import { findWorkspace } from '../../domain/workspaces/find.ts';
import { requireArchiving, setArchived } from '../../domain/workspaces/manage.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { DRY_RUN, YES } from '../options.ts';
import { counted } from '../plural.ts';
import { countLive, countWaking, workspaceJson } from './describe.ts';

export const archive: Command = {
  name: 'archive',
  summary: 'archive a workspace: none of its keys verifies any more; --undo takes it back',
  arguments: [{ name: '<workspace>', about: 'its short name', completes: 'workspace' }],
  options: [{ flags: '--undo', about: 'make an archived workspace active again' }, DRY_RUN, YES],
  examples: ['workspaces archive old-shop', 'workspaces archive old-shop --undo'],
  async run(context, input) {
    const slug = input.args[0] ?? '';
    const store = await context.store();
    const found = await findWorkspace(store, slug);
    const undo = input.flag('undo');
    const done = (found.archivedAt !== null) !== undo;
    // Nobody is asked about what would be refused afterwards.
    if (!done) await requireArchiving(store, context.actor(), found);
    const count = found.archivedAt === null ? countLive : countWaking;
    const keys = await count(store, found.id, context.now());
    const which = `${counted(keys, 'active key')} of ${found.slug}`;
    const [verify, stop] = keys === 1 ? ['verifies', 'stops'] : ['verify', 'stop'];
    const effect = undo ? `${which} ${verify} again` : `${which} ${stop} verifying`;
    const already = `${found.slug} is ${undo ? 'active' : 'archived'} already`;
    if (input.flag('dryRun')) {
      await context.out.say(done ? already : effect);
    } else {
      if (!undo && !done)
        await confirm(context, input, { lines: [`${effect} at once`], question: `archive ${found.slug}?` });
      const { changed } = await setArchived(await context.ledger('unlocked'), found.slug, !undo);
      const past = undo
        ? `${found.slug} is active again: ${effect}`
        : `archived ${found.slug}: ${which} stopped verifying`;
      await context.out.say(changed ? past : already);
    }
    const now = await findWorkspace(store, found.slug);
    if (context.out.audience !== 'table') await context.out.value(now.slug, workspaceJson(now));
    return undefined;
  },
};
