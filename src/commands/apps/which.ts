import type { Context } from '../../context.ts';
import type { App, Grant } from '../../domain/apps/app.ts';
import { findApp } from '../../domain/apps/find.ts';
import { statusOfGrant } from '../../domain/apps/status.ts';
import type { Readers } from '../../domain/ports/store.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import type { Option } from '../command.ts';
import type { Input } from '../input.ts';
import { oneWorkspace } from '../workspace.ts';
import { appJson, type Row, rowColumns, rowJson, shownApp } from './describe.ts';

export const APP = { name: '<app>', about: 'its name or id', completes: 'app' } as const;

export const ACCOUNT: Option = {
  flags: '--account <account>',
  about: 'which of its accounts, when there are several',
};

/** The app that the first argument names, and its workspace; with `removed` also a removed one, by its id. */
export async function oneApp(
  context: Context,
  store: Readers,
  input: Input,
  options: { readonly removed?: boolean } = {},
): Promise<{ app: App; workspace: Workspace }> {
  const workspace = await oneWorkspace(context, store, input);
  const which = { workspaceId: workspace.id, text: input.args[0] ?? '' };
  return { app: await findApp(store, which, options), workspace };
}

/** The line of a grant in `apps list`. */
export async function rowOf(
  store: Readers,
  app: App,
  { grant, workspace, now }: { grant: Grant; workspace: string; now: number },
): Promise<Row> {
  const status = statusOfGrant(grant, now, await store.grants.intent(grant.id));
  return { app, grant, status, workspace };
}

/** The answer of a verb that changed an app; on a terminal the talk was all. */
export async function tellApp(context: Context, app: App, { slug }: Workspace): Promise<void> {
  if (context.out.audience === 'table') return;
  await context.out.value(app.name, appJson(await shownApp(await context.store(), app, slug)));
}

/** The answer of a verb that changed a grant: its line of `apps list`; on a terminal the talk was all. */
export async function tellGrant(context: Context, row: Row): Promise<void> {
  if (context.out.audience === 'table') return;
  const tsv = rowColumns(context.now()).map((column) => column.tsv(row));
  await context.out.show({ fields: [], json: rowJson(row), tsv });
}
