import { findWorkspace } from '../../domain/workspaces/find.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { workspaceJson } from './describe.ts';

export const use: Command = {
  name: 'use',
  summary: 'make a workspace the default of this user on this machine',
  arguments: [{ name: '[workspace]', about: 'its short name', completes: 'workspace' }],
  options: [{ flags: '--none', about: 'no default any more' }],
  examples: ['workspaces use acme', 'workspaces use --none'],
  async run(context, input) {
    const slug = input.args[0];
    if ((slug === undefined) !== input.flag('none'))
      throw new Failure('usage', 'name a workspace, or say --none');
    if (slug === undefined) {
      context.config.setWorkspace(undefined);
      await context.out.say('no default workspace');
      if (context.out.audience === 'json') await context.out.json({ workspace: null });
      return undefined;
    }
    const workspace = await findWorkspace(await context.store(), slug);
    context.config.setWorkspace(workspace.slug);
    await context.out.say(`${workspace.slug} is the default workspace (${context.config.path})`);
    if (workspace.archivedAt !== null) {
      await context.out.warn(`note: ${workspace.slug} is archived, so none of its keys verifies`);
      await context.out.hint(`{keywright} workspaces archive ${workspace.slug} --undo`);
    }
    if (context.out.audience !== 'table') await context.out.value(workspace.slug, workspaceJson(workspace));
    return undefined;
  },
};
