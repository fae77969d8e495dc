import type { Context } from '../../context.ts';
import { findIntegration } from '../../domain/integrations/find.ts';
import type { Integration } from '../../domain/integrations/integration.ts';
import type { Which } from '../../domain/integrations/manage.ts';
import { parseIntegrationUrl } from '../../domain/integrations/url.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Readers } from '../../domain/ports/store.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import type { Option } from '../command.ts';
import { badValue, type Input } from '../input.ts';
import { oneWorkspace } from '../workspace.ts';
import { integrationJson } from './describe.ts';

export const INTEGRATION = {
  name: '<integration>',
  about: 'its name or id',
  completes: 'integration',
} as const;

export const URL_OPTION: Option = {
  flags: '--url <url>',
  about: 'where it is reached: https:, or http: on this machine',
};

const MOST_NAMED = 10;

/** The integration that the first argument names, and its workspace. From then on it is known by its id. */
export async function oneIntegration(
  context: Context,
  store: Readers,
  input: Input,
): Promise<{ integration: Integration; workspace: Workspace; which: Which }> {
  const workspace = await oneWorkspace(context, store, input);
  const integration = await findIntegration(store, workspace.id, input.args[0] ?? '');
  return { integration, workspace, which: { workspaceId: workspace.id, text: integration.id } };
}

/** The URL of `--url`, as it is kept. */
export function urlOf(input: Input): string | undefined {
  const text = input.text('url');
  if (text === undefined) return undefined;
  const parsed = parseIntegrationUrl(text);
  if ('reason' in parsed) throw badValue('url', parsed.reason);
  return parsed.url;
}

/** The answer of a verb that changed one; on a terminal the talk was all. */
export async function tell(context: Context, integration: Integration, workspace: Workspace): Promise<void> {
  if (context.out.audience === 'table') return;
  await context.out.value(integration.name, integrationJson({ integration, workspace: workspace.slug }));
}

/** The first ten keys, a line each, and how many more there are. */
export function firstKeys(keys: readonly ApiKey[]): readonly string[] {
  const lines = keys.slice(0, MOST_NAMED).map((key) => `${key.name}  ${publicKey(key)}`);
  return keys.length > MOST_NAMED ? [...lines, `and ${keys.length - MOST_NAMED} more`] : lines;
}
