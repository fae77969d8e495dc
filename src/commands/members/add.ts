import { addMember } from '../../domain/workspaces/members.ts';
import type { Role } from '../../domain/workspaces/workspace.ts';
import type { Command } from '../command.ts';
import { checkedName } from '../input.ts';
import { WORKSPACE } from '../options.ts';
import { oneWorkspace } from '../workspace.ts';
import { memberJson, ROLE_CHOICES } from './describe.ts';

export const add: Command = {
  name: 'add',
  summary: 'make somebody a member of a workspace',
  details:
    'The name is who they are here: their OS user, KEYWRIGHT_ACTOR or --actor. Admins add developers and viewers, owners add everybody.',
  arguments: [{ name: '<name>', about: 'who' }],
  options: [
    WORKSPACE,
    {
      flags: '--role <role>',
      about: 'viewer, developer, admin or owner (default: developer)',
      choices: ROLE_CHOICES,
    },
  ],
  examples: ['members add ben', 'members add ci --role developer -w acme'],
  async run(context, input) {
    const name = checkedName(input.args[0] ?? '', 'the name');
    const role = (input.text('role') ?? 'developer') as Role;
    const workspace = await oneWorkspace(context, await context.store(), input);
    const member = await addMember(await context.ledger('unlocked'), workspace, name, role);
    await context.out.say(`added ${member.name} to ${workspace.slug} as ${member.role}`);
    if (context.out.audience !== 'table')
      await context.out.value(member.name, memberJson(member, workspace.slug));
    return undefined;
  },
};
