import type { Command } from '../command.ts';
import { WORKSPACE } from '../options.ts';
import { oneWorkspace } from '../workspace.ts';
import { policyJson, policyTsv, settingsOf } from './describe.ts';

export const show: Command = {
  name: 'show',
  summary: 'show what a workspace allows to whom',
  details:
    'An owner may grant everything. Restricted scopes are for admins and owners to grant; the other lists are the most that each role may grant.',
  options: [WORKSPACE],
  examples: ['policy show', 'policy show -w acme --json'],
  async run(context, input) {
    const store = await context.store();
    const workspace = await oneWorkspace(context, store, input);
    const policy = await store.workspaces.policy(workspace.id);
    await context.out.show({
      heading: `policy of ${workspace.slug}`,
      fields: settingsOf(policy).map(({ label, text, isDefault }) => [
        label,
        isDefault ? `${text}  (default)` : text,
      ]),
      json: policyJson(workspace.slug, policy),
      tsv: policyTsv(workspace.slug, policy),
    });
    return undefined;
  },
};
