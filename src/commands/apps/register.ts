import type { Context } from '../../context.ts';
import { requireAllowed } from '../../domain/access/require.ts';
import type { App, ServerFacts } from '../../domain/apps/app.ts';
import { registerApp } from '../../domain/apps/register.ts';
import type { ProviderScope } from '../../domain/apps/scopes.ts';
import { typedApp } from '../../domain/apps/typed.ts';
import { commandLine } from '../../domain/shell.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import type { Command } from '../command.ts';
import { badValue, checkedName, type Input } from '../input.ts';
import { WORKSPACE } from '../options.ts';
import { oneWorkspace } from '../workspace.ts';
import { asksFor, clientFor, type Peer, SECRET_SOURCES, showSettings } from './client.ts';
import { hostOf } from './describe.ts';
import { peerOf, SERVER } from './peer.ts';
import { type NewRedirect, redirectOf } from './redirect.ts';
import { ALLOW_SCOPE, scopesSaid } from './scopes.ts';
import { tellApp } from './which.ts';

export const register: Command = {
  name: 'register',
  summary: 'register an app: an OAuth client of a provider or of any other server',
  details:
    'A built-in provider knows its endpoints; --issuer and --resource ask the server for them, and where it lets apps register themselves no client id is needed. The client secret is kept sealed.',
  arguments: [{ name: '<name>', about: 'what you call it; the name of a provider needs no --provider' }],
  options: [
    WORKSPACE,
    ...SERVER,
    { flags: '--client-id <id>', about: 'the client id that the provider gave' },
    ...SECRET_SOURCES,
    { flags: '--public', about: 'it has no client secret' },
    ALLOW_SCOPE,
    { flags: '--callback-port <port>', about: 'the port of its redirect URI' },
    {
      flags: '--integration <name>',
      about: 'the configured integration it is bound to',
      completes: 'integration',
    },
  ],
  examples: [
    'apps register github --client-id Iv1.8a61f9b3a7aba766 --from-stdin < secret.txt',
    'apps register tracker --resource https://mcp.linear.app/mcp',
    'apps register crm --issuer https://login.example.com --client-id keywright --public --allow-scope contacts.read',
  ],
  async run(context, input) {
    const name = checkedName(input.args[0] ?? '', 'the name');
    const port = portOf(input);
    const store = await context.store();
    const workspace = await oneWorkspace(context, store, input);
    await requireRoom(context, workspace, name);
    const peer = await peerOf(context, input, name);
    const allowlist = scopesSaid(input, 'allowScope', peer.provider) ?? null;
    const redirect = redirectOf(peer.provider, port, context.random);
    const app = await registered(context, input, peer, { name, workspace, allowlist, redirect });
    if (app.registration === 'by-hand' && !asksFor(context, input, peer))
      await showSettings(context, { ...peer, server: app.server }, redirect);
    await tellApp(context, app, workspace);
    const how = takesConsent(app.server) ? [] : ['--client-credentials'];
    await context.out.say(
      `next: ${commandLine(PROGRAM, 'apps', 'authorize', typedApp(app), '-w', workspace.slug, ...how)}`,
    );
    return undefined;
  },
};

/** Is there a way for somebody to consent? Else there are the app's own credentials alone. */
function takesConsent({ authorizationEndpoint, deviceEndpoint }: ServerFacts): boolean {
  return authorizationEndpoint !== null || deviceEndpoint !== null;
}

/** The port of `--callback-port`. */
export function portOf(input: Input): number | undefined {
  const port = input.count('callbackPort', 1);
  if (port !== undefined && port > 65_535) throw badValue('callbackPort', 'must be a port, 1 to 65535');
  return port;
}

/** Nobody is asked, and nothing is sent to a server, for an app that could not be kept afterwards. */
export async function requireRoom(context: Context, workspace: Workspace, name: string): Promise<void> {
  const store = await context.store();
  await requireAllowed(store, context.actor(), workspace.id, { kind: 'connect-apps' });
  const app = await store.apps.byName(workspace.id, name);
  if (app === undefined) return;
  throw new Failure('exists', `the workspace already has an app "${name}"`, {
    hint: commandLine(PROGRAM, 'apps', 'show', typedApp(app), '-w', workspace.slug),
  });
}

/** Gets the client and stores the app; says so. */
export async function registered(
  context: Context,
  input: Input,
  peer: Peer,
  wish: {
    readonly name: string;
    readonly workspace: Workspace;
    readonly allowlist: readonly ProviderScope[] | null;
    readonly redirect: NewRedirect;
  },
): Promise<App> {
  const { name, workspace, allowlist, redirect } = wish;
  const client = await clientFor(context, input, peer, { name, redirect, scopes: allowlist ?? [] });
  const means = { access: await context.operator(), random: context.random };
  const app = await registerApp(await context.ledger('unlocked'), means, workspace, {
    ...{ name, source: peer.source, ...client, allowlist, redirectPort: redirect.port },
    integration: input.text('integration'),
  });
  const how = app.registration === 'dynamic' ? ', by itself' : '';
  await context.out.say(`registered ${app.name} in ${workspace.slug}, of ${hostOf(app)}${how}`);
  if (allowlist === null) await context.out.say('without --allow-scope it may ask for any scope');
  return app;
}
