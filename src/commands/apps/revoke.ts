import type { Context } from '../../context.ts';
import { requireAllowed } from '../../domain/access/require.ts';
import type { App, Grant } from '../../domain/apps/app.ts';
import { findGrant } from '../../domain/apps/find.ts';
import type { Held } from '../../domain/apps/reconnect.ts';
import { revokeGrant } from '../../domain/apps/revoke.ts';
import type { Store } from '../../domain/ports/store.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Input } from '../input.ts';
import { DRY_RUN, WORKSPACE, YES } from '../options.ts';
import { counted } from '../plural.ts';
import { type Row, rowColumns, rowJson } from './describe.ts';
import { giveUp, NOT_DELETED, takeBack } from './take-back.ts';
import { ACCOUNT, APP, oneApp, rowOf, tellGrant } from './which.ts';

export const revoke: Command = {
  name: 'revoke',
  summary: 'take an authorization back: here at once, and at the provider',
  details: `No token of it is given out from then on, whether the provider can be reached or not; one that can't is asked again by the next revoke and by doctor --fix. Note that ${NOT_DELETED}. Authorizing again asks for consent again.`,
  arguments: [APP],
  options: [
    WORKSPACE,
    ACCOUNT,
    { flags: '--all-accounts', about: 'every account of it' },
    { flags: '--expect <n>', about: 'with --all-accounts: do nothing unless it has exactly n' },
    { flags: '--reason <text>', about: 'why, for the audit log' },
    { flags: '--here-only', about: 'ask nothing of the provider, and give up what is pending there' },
    DRY_RUN,
    YES,
  ],
  examples: ['apps revoke github', 'apps revoke google --account a@x.io --yes'],
  async run(context, input) {
    const reason = input.line('reason');
    const store = await context.store();
    const hereOnly = input.flag('hereOnly');
    const { app, workspace } = await oneApp(context, store, input, { removed: true });
    const grants = await grantsOf(store, app, input);
    checkCount(context, input, app, grants.length);
    // Nobody is asked about what would be refused afterwards.
    for (const { authorizedBy } of grants)
      await requireAllowed(store, context.actor(), workspace.id, {
        ...{ kind: 'revoke-grant', app: app.name, authorizedBy },
      });
    if (grants.length === 0) {
      await context.out.say(`every account of ${app.name} is revoked already`);
      return tell(context, store, app, workspace, grants);
    }
    if (input.flag('dryRun')) {
      for (const grant of grants) await context.out.say(`${fateOf(grant)}: ${lineOf(app, grant)}`);
      return tell(context, store, app, workspace, grants);
    }
    await confirm(context, input, consequences(app, grants, hereOnly));
    const done: Held[] = [];
    for (const grant of grants) {
      const one = await revokeOne(context, grant, reason);
      if (!one.already || one.grant.revocationPending) done.push(one);
    }
    const failure = hereOnly ? await giveUp(context, done) : await takeBack(context, done);
    await context.out.say(NOT_DELETED);
    // An answer on stdout would say that all went well.
    if (failure !== undefined) throw failure;
    return tell(context, store, app, workspace, grants);
  },
};

async function grantsOf(store: Store, app: App, input: Input): Promise<readonly Grant[]> {
  const account = input.text('account');
  const all = await store.grants.ofApp(app.id);
  if (all.length === 0)
    throw new Failure('not_found', `${app.name} is not connected: there is nothing to revoke`, {
      hint: '{keywright} apps list',
    });
  if (!input.flag('allAccounts')) {
    if (input.count('expect', 0) !== undefined)
      throw new Failure('usage', '--expect is about --all-accounts');
    return [await findGrant(store, app, account)];
  }
  if (account !== undefined) throw new Failure('usage', 'give --account or --all-accounts, not both');
  return all.filter((grant) => grant.revokedAt === null || grant.revocationPending);
}

function checkCount(context: Context, input: Input, app: App, count: number): void {
  const expect = input.count('expect', 0);
  const all = input.flag('allAccounts');
  if (expect !== undefined && expect !== count)
    throw new Failure(
      'changed',
      `${app.name} has ${counted(count, 'account')}, not ${expect}; nothing was done`,
    );
  if (!all || expect !== undefined || context.ask.interactive || input.flag('dryRun') || count === 0) return;
  throw new Failure(
    'usage',
    `--expect is missing: ${counted(count, 'account')}, and there is nobody to ask`,
    {
      hint: 'look at them with --dry-run, then say --expect with their number and --yes',
    },
  );
}

function consequences(app: App, grants: readonly Grant[], hereOnly: boolean) {
  const many =
    grants.length === 1 ? `${app.name} ${grants[0]?.account}` : counted(grants.length, 'authorization');
  return {
    lines: [
      ...grants.map((grant) => lineOf(app, grant)),
      `no token is given out any more, and it is ${hereOnly ? 'not taken back at the provider: its tokens live there until they end' : 'taken back at the provider where that has a way'}`,
      NOT_DELETED,
    ],
    question: `revoke ${many}?`,
  };
}

function fateOf({ revokedAt, revocationPending }: Grant): string {
  if (revokedAt === null) return 'would be revoked';
  return revocationPending ? 'would be taken back at the provider' : 'is revoked already';
}

function lineOf(app: App, { account, granted, authorizedBy }: Grant): string {
  return `${app.name} ${account}  ${granted.join(' ')}  by ${authorizedBy}`;
}

/** Without unlocking anything: a lost keychain must not keep a token in use. */
async function revokeOne(
  context: Context,
  grant: Grant,
  reason: string | undefined,
): Promise<Held & { readonly already: boolean }> {
  const done = await revokeGrant(await context.ledger('locked'), grant.id, reason);
  const name = `${done.app.name} ${grant.account}`;
  await context.out.say(done.already ? `${name} is revoked already` : `revoked ${name}`);
  return done;
}

async function tell(
  context: Context,
  store: Store,
  app: App,
  workspace: Workspace,
  grants: readonly Grant[],
): Promise<undefined> {
  const now = context.now();
  const items: Row[] = [];
  for (const { id } of grants) {
    const grant = await store.grants.byId(id);
    if (grant !== undefined) items.push(await rowOf(store, app, { grant, workspace: workspace.slug, now }));
  }
  const [only] = items;
  if (only !== undefined && items.length === 1) {
    await tellGrant(context, only);
    return undefined;
  }
  if (context.out.audience === 'table') return undefined;
  await context.out.list({
    key: 'apps',
    columns: rowColumns(now),
    json: rowJson,
    pages: (async function* () {
      yield { items, next: null };
    })(),
  });
  return undefined;
}
