import { setRole } from '../../domain/workspaces/members.ts';
import type { Role } from '../../domain/workspaces/workspace.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { checkedName } from '../input.ts';
import { tellMarked } from '../marked-grants.ts';
import { WORKSPACE } from '../options.ts';
import { oneWorkspace } from '../workspace.ts';
import { memberJson, ROLE_CHOICES } from './describe.ts';

export const update: Command = {
  name: 'update',
  summary: 'give a member another role',
  details: 'Effective for their next command. Admins are made and unmade by owners.',
  arguments: [{ name: '<name>', about: 'who', completes: 'member' }],
  options: [
    WORKSPACE,
    { flags: '--role <role>', about: 'viewer, developer, admin or owner', choices: ROLE_CHOICES },
  ],
  examples: ['members update ben --role admin'],
  async run(context, input) {
    const name = checkedName(input.args[0] ?? '', 'the name');
    const role = input.text('role') as Role | undefined;
    if (role === undefined)
      throw new Failure('usage', `nothing to change: --role is missing (${ROLE_CHOICES.join(', ')})`);
    const store = await context.store();
    const workspace = await oneWorkspace(context, store, input);
    const { member, changed, grants } = await setRole(
      await context.ledger('unlocked'),
      workspace,
      name,
      role,
    );
    const what = changed ? `is ${member.role} of ${workspace.slug} now` : `is ${member.role} already`;
    await context.out.say(`${member.name} ${what}`);
    await tellMarked(context, store, grants);
    if (context.out.audience !== 'table')
      await context.out.value(member.name, memberJson(member, workspace.slug));
    return undefined;
  },
};
