import { isScope } from '../../domain/keys/scopes.ts';
import { addScope } from '../../domain/workspaces/manage.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { WORKSPACE } from '../options.ts';
import { oneWorkspace } from '../workspace.ts';

export const add: Command = {
  name: 'add',
  summary: "add a scope to the workspace's catalogue",
  details: 'From the first one on, new keys may only have scopes that are in the catalogue, or wildcards.',
  arguments: [{ name: '<scope>', about: 'resource:action' }],
  options: [WORKSPACE, { flags: '--description <text>', about: 'what it allows' }],
  examples: ['scopes add orders:read --description "see orders"'],
  async run(context, input) {
    const scope = input.args[0] ?? '';
    if (!isScope(scope) || scope.includes('*')) {
      throw new Failure(
        'usage',
        `"${scope}" is not resource:action in lower case without *, such as orders:read`,
      );
    }
    const description = input.line('description') ?? null;
    const workspace = await oneWorkspace(context, await context.store(), input);
    await addScope(await context.ledger('unlocked'), workspace, scope, description);
    await context.out.say(`added ${scope} to the catalogue of ${workspace.slug}`);
    if (context.out.audience !== 'table')
      await context.out.value(scope, { scope, description, workspace: workspace.slug });
    return undefined;
  },
};
