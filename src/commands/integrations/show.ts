import { statusOfIntegration } from '../../domain/integrations/integration.ts';
import { keysOf } from '../../domain/integrations/remove.ts';
import { publicKey } from '../../domain/keys/token.ts';
import { moment } from '../../terminal/time.ts';
import type { Command } from '../command.ts';
import { WORKSPACE } from '../options.ts';
import { integrationColumns, integrationJson } from './describe.ts';
import { firstKeys, INTEGRATION, oneIntegration } from './which.ts';

export const show: Command = {
  name: 'show',
  summary: 'show one integration, and the keys that are bound to it',
  arguments: [INTEGRATION],
  options: [WORKSPACE],
  examples: ['integrations show billing-system', 'integrations show billing-system --json'],
  async run(context, input) {
    const store = await context.store();
    const { integration, workspace } = await oneIntegration(context, store, input);
    const now = context.now();
    const keys = (await keysOf(store, integration, now)).filter((key) => key.revokedAt === null);
    const { createdAt, createdBy, disabledAt } = integration;
    const shown = { integration, workspace: workspace.slug };
    const since = disabledAt === null ? '' : ` since ${moment(disabledAt, now)}`;
    await context.out.show({
      heading: `${integration.name}  ${statusOfIntegration(integration)}${since}`,
      fields: [
        ['id', integration.id],
        ['workspace', workspace.slug],
        ['purpose', integration.purpose ?? undefined],
        ['url', integration.url ?? undefined],
        ['created', `${moment(createdAt, now)} by ${createdBy}`],
        ['keys', String(keys.length)],
        ...firstKeys(keys).map((line) => ['', line] as const),
      ],
      json: {
        ...integrationJson(shown),
        keys: keys.map((key) => ({ name: key.name, public_key: publicKey(key) })),
      },
      tsv: integrationColumns(now).map((column) => column.tsv(shown)),
    });
    return undefined;
  },
};
