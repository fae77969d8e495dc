import type { Context } from '../../context.ts';
import type { App, Grant } from '../../domain/apps/app.ts';
import { type Connected, requireRenewable } from '../../domain/apps/authorize.ts';
import { askedByDefault, type ConsentPlan, planConsent, scopeRules } from '../../domain/apps/consent.ts';
import { CLIENT_ACCOUNT, DEFAULT_ACCOUNT } from '../../domain/apps/reconnect.ts';
import { typedAccount, typedApp } from '../../domain/apps/typed.ts';
import type { Store } from '../../domain/ports/store.ts';
import { commandLine } from '../../domain/shell.ts';
import { archived } from '../../domain/workspaces/find.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import type { Command } from '../command.ts';
import { badValue, type Input } from '../input.ts';
import { WORKSPACE, YES } from '../options.ts';
import { oneWorkspace } from '../workspace.ts';
import { requireSomebody } from './client.ts';
import { connectClient, connectPerson, type HowToConsent } from './connect.ts';
import { agree, planLines } from './plan-lines.ts';
import { redirectOf } from './redirect.ts';
import { portOf, registered } from './register.ts';
import { scopesSaid } from './scopes.ts';
import { type Target, targetOf } from './target.ts';
import { rowOf, tellGrant } from './which.ts';

const TIMEOUT = { text: '5m', ms: 300_000 };
const LONGEST_TIMEOUT = 86_400_000;

export const authorize: Command = {
  name: 'authorize',
  summary: 'ask for consent in a browser, and keep the tokens that come of it',
  details:
    'A provider or the URL of a resource that is not registered yet is registered on the way. Authorizing again renews an authorization or changes its scopes. While it waits, the redirect URL can be pasted, or d typed for a device code.',
  arguments: [
    { name: '<app>', about: 'an app, a built-in provider, or the URL of a resource', completes: 'app' },
  ],
  options: [
    WORKSPACE,
    {
      flags: '--scope <scope>',
      about: 'scope to ask for, one a flag (default: those asked last, else all that it may ask for)',
      repeats: true,
    },
    { flags: '--account <account>', about: 'what to call the account where the provider does not say' },
    { flags: '--device', about: 'by a device code, to be typed in any browser' },
    { flags: '--no-browser', about: 'open none; only print the URL' },
    { flags: '--callback-port <port>', about: 'the port that the browser comes back to: this one or none' },
    { flags: '--timeout <duration>', about: `how long to wait for the consent (default: ${TIMEOUT.text})` },
    { flags: '--client-credentials', about: "with the app's own credentials and nobody's consent" },
    YES,
  ],
  examples: [
    'apps authorize github --scope repo --scope read:org',
    'apps authorize https://mcp.linear.app/mcp',
    'apps authorize crm --client-credentials --scope contacts.read',
  ],
  async run(context, input) {
    const how = wishOf(context, input);
    const store = await context.store();
    const workspace = await oneWorkspace(context, store, input);
    if (workspace.archivedAt !== null) throw archived(workspace.slug);
    const target = await targetOf(context, store, workspace, input.args[0] ?? '');
    const wish: Wish = { ...how, account: await accountSaid(store, target, input) };
    const plan = await planOf(context, { store, workspace, target }, input, wish);
    if (target.app === undefined)
      requireSomebody(context, target.peer, { name: target.name, slug: workspace.slug, port: wish.port });
    await agree(context, input, planLines(target, workspace, plan), wish.clientCredentials);
    const app = target.app ?? (await registeredNow(context, input, workspace, target));
    const connected = wish.clientCredentials
      ? await connectClient(context, app, plan)
      : await connectPerson(context, { app, provider: target.provider, plan, wish });
    await tellConnected(context, store, { app, workspace, connected });
    return undefined;
  },
};

interface Wish extends HowToConsent {
  readonly clientCredentials: boolean;
}

function wishOf(context: Context, input: Input): Omit<Wish, 'account'> {
  const timeoutMs = input.shortDuration('timeout') ?? TIMEOUT.ms;
  if (timeoutMs > LONGEST_TIMEOUT) throw badValue('timeout', 'must be at most 24h');
  const clientCredentials = input.flag('clientCredentials');
  if (clientCredentials && (input.flag('device') || input.text('account') !== undefined))
    throw new Failure('usage', '--client-credentials is about no account, and needs no consent');
  if (!clientCredentials && context.inCI)
    throw new Failure('usage', 'a person has to consent, and in a job (CI is set) there is none', {
      hint: 'authorize it at a terminal; a job then uses {keywright} apps token, or --client-credentials here',
    });
  return {
    ...{ device: input.flag('device'), browser: !input.off('browser') },
    ...{ port: portOf(input), timeoutMs, clientCredentials },
  };
}

/** The account of `--account`, where a grant of the app may be named by its id. Throws `usage` for the app itself. */
async function accountSaid(store: Store, { app }: Target, input: Input): Promise<string | undefined> {
  const text = input.text('account');
  const grant = app === undefined || text === undefined ? undefined : await store.grants.byId(text);
  const account = grant !== undefined && grant.appId === app?.id ? grant.account : input.name('account');
  if (account !== CLIENT_ACCOUNT) return account;
  throw new Failure('usage', `--account ${account} is the app itself, for which nobody consents`, {
    hint: commandLine(
      ...[PROGRAM, 'apps', 'authorize', app === undefined ? (input.args[0] ?? '') : typedApp(app)],
      '--client-credentials',
    ),
  });
}

async function planOf(
  context: Context,
  parts: { readonly store: Store; readonly workspace: Workspace; readonly target: Target },
  input: Input,
  wish: Wish,
): Promise<ConsentPlan> {
  const { store, workspace, target } = parts;
  const { app, provider } = target;
  const about = app ?? { id: target.name, name: target.name, workspaceId: workspace.id, allowlist: null };
  const rules = await scopeRules(store, context.actor(), about);
  const account = wish.clientCredentials ? CLIENT_ACCOUNT : wish.account;
  const last = app === undefined ? undefined : await lastOf(store, app, account);
  // Nobody is sent to a browser for what could not be stored afterwards.
  if (app !== undefined && account !== undefined) await requireRenewable(store, context.actor(), app, last);
  const asked = scopesSaid(input, 'scope', provider) ?? askedByDefault(last, rules);
  const planned = planConsent(asked, rules);
  if ('refusal' in planned) throw planned.refusal;
  return planned.plan;
}

/** The grant that this one renews, as far as that can be told before: the account's, else the latest. */
async function lastOf(store: Store, app: App, account: string | undefined): Promise<Grant | undefined> {
  if (account !== undefined) return store.grants.byAccount(app.id, account);
  const grants = (await store.grants.ofApp(app.id)).filter(({ kind }) => kind === 'user');
  return grants.toSorted((a, b) => b.authorizedAt - a.authorizedAt)[0];
}

function registeredNow(
  context: Context,
  input: Input,
  workspace: Workspace,
  { peer, name, provider }: Extract<Target, { app: undefined }>,
): Promise<App> {
  const redirect = redirectOf(provider, portOf(input), context.random);
  return registered(context, input, peer, { name, workspace, allowlist: null, redirect });
}

async function tellConnected(
  context: Context,
  store: Store,
  { app, workspace, connected }: { app: App; workspace: Workspace; connected: Connected },
): Promise<void> {
  const { grant, comparison } = connected;
  const { out } = context;
  const { slug } = workspace;
  const as = grant.account === DEFAULT_ACCOUNT ? '' : ` as ${grant.account}`;
  await out.say(`connected${as}: ${grant.granted.join(' ') || 'no scope was named'}`);
  if (comparison.missing.length > 0) await out.say(`not granted: ${comparison.missing.join(' ')}`);
  if (comparison.added.length > 0)
    await out.say(`granted beyond what was asked: ${comparison.added.join(' ')}`);
  if (grant.needsReason !== null)
    throw new Failure('forbidden', `${app.name} gives out no token: ${grant.needsReason}`, {
      hint: `take it back: ${commandLine(PROGRAM, 'apps', 'revoke', typedApp(app), '--account', typedAccount(grant), '-w', slug)}`,
    });
  await tellGrant(context, await rowOf(store, app, { grant, workspace: slug, now: context.now() }));
  const living = (await store.grants.ofApp(app.id)).filter(({ revokedAt }) => revokedAt === null);
  const which = living.length > 1 ? ['--account', typedAccount(grant)] : [];
  await out.say(`next: ${commandLine(PROGRAM, 'apps', 'token', typedApp(app), ...which, '-w', slug)}`);
}
