import { reconnect } from '../../domain/apps/reconnect.ts';
import { connectionsOf } from '../../domain/apps/status.ts';
import { typedAccount, typedApp } from '../../domain/apps/typed.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { commandLine } from '../../domain/shell.ts';
import { PROGRAM } from '../../errors.ts';
import type { Command } from '../command.ts';
import { slugs } from '../keys/describe.ts';
import { WORKSPACE } from '../options.ts';
import { workspaceIfClear } from '../workspace.ts';
import { type Row, rowColumns, rowJson } from './describe.ts';

export const list: Command = {
  name: 'list',
  alias: 'ls',
  summary: 'list apps, who authorized them for which account, and whether that still holds',
  options: [WORKSPACE],
  examples: ['apps list', 'apps list -w acme --json'],
  async run(context, input) {
    const store = await context.store();
    const workspace = await workspaceIfClear(context, store, input);
    const names = slugs(await store.workspaces.all());
    const now = context.now();
    const connections = await connectionsOf(store, workspace?.id, now);
    const items = connections.map((one) => ({ ...one, workspace: names.get(one.app.workspaceId) ?? '?' }));
    const many = workspace === undefined ? ['WORKSPACE'] : [];
    await context.out.list({
      key: 'apps',
      columns: rowColumns(now),
      tableColumns: ['APP', 'ACCOUNT', ...many, 'STATUS', 'GRANTED', 'BY', 'SINCE'],
      json: rowJson,
      pages: (async function* () {
        yield { items, next: null };
      })(),
      empty: {
        message: `no app is connected to ${workspace?.slug ?? 'any workspace'}; that is normal until you authorize one`,
        hint: '{keywright} apps authorize github',
      },
    });
    if (context.out.audience !== 'table') return undefined;
    const next = await nextOf(store, items);
    if (next !== undefined) await context.out.hint(next);
    return undefined;
  },
};

/** The command for the first line that somebody has to do something about. */
async function nextOf(store: Readers, rows: readonly Row[]): Promise<string | undefined> {
  for (const { app, grant, status, workspace } of rows) {
    if (grant === undefined) continue;
    if (status === 'needs-authorization' || status === 'expired') return reconnect(store, { app, grant });
    const which = [typedApp(app), '--account', typedAccount(grant), '-w', workspace];
    if (status === 'revocation-pending') return commandLine(PROGRAM, 'apps', 'revoke', ...which);
  }
  return undefined;
}
