import { requireAllowed } from '../../domain/access/require.ts';
import { changeWish } from '../../domain/apps/manage.ts';
import { removeApp } from '../../domain/apps/remove.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { DRY_RUN, WORKSPACE, YES } from '../options.ts';
import { counted } from '../plural.ts';
import { NOT_DELETED, takeBack } from './take-back.ts';
import { APP, oneApp, tellApp } from './which.ts';

export const remove: Command = {
  name: 'remove',
  summary: 'remove an app, and take back what was granted to it',
  details:
    'Its tokens are given out no more from then on, and taken back at the provider. The registration at the provider stays: remove it there.',
  arguments: [APP],
  options: [WORKSPACE, DRY_RUN, YES],
  examples: ['apps remove github', 'apps remove github --yes'],
  async run(context, input) {
    const store = await context.store();
    const { app, workspace } = await oneApp(context, store, input);
    await requireAllowed(store, context.actor(), workspace.id, changeWish(app));
    const living = (await store.grants.ofApp(app.id)).filter(({ revokedAt }) => revokedAt === null);
    const effect = living.length === 0 ? '' : `, and revokes ${counted(living.length, 'authorization')}`;
    const accounts = living.map(({ account }) => account).join(', ');
    const lines = [
      ...(accounts === '' ? [] : [accounts]),
      `removes ${app.name} from ${workspace.slug}${effect}`,
    ];
    if (input.flag('dryRun')) {
      for (const line of lines) await context.out.say(line);
      await tellApp(context, app, workspace);
      return undefined;
    }
    await confirm(context, input, { lines, question: `remove ${app.name}?` });
    const which = { workspaceId: workspace.id, text: app.id };
    const expect = input.flag('yes') ? undefined : living.length;
    const done = await removeApp(await context.ledger('locked'), which, { expect });
    await context.out.say(`removed ${app.name} from ${workspace.slug}`);
    const failure = await takeBack(
      context,
      done.pending.map((grant) => ({ app, grant })),
    );
    if (done.grants.length > 0) await context.out.say(NOT_DELETED);
    if (failure !== undefined) throw failure;
    await tellApp(context, app, workspace);
    return undefined;
  },
};
