import type { Context } from '../../context.ts';
import type { App, ClientAuth } from '../../domain/apps/app.ts';
import { type AppWish, updateApp } from '../../domain/apps/manage.ts';
import type { Provider } from '../../domain/apps/provider.ts';
import { reconnect } from '../../domain/apps/reconnect.ts';
import { clientAuthFor, fromProvider } from '../../domain/apps/source.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import type { Input } from '../input.ts';
import { WORKSPACE } from '../options.ts';
import { clientIdSaid, SECRET_SOURCES, secretSaid, showSettings } from './client.ts';
import { redirectOf } from './redirect.ts';
import { portOf } from './register.ts';
import { ALLOW_SCOPE, scopesSaid } from './scopes.ts';
import { APP, oneApp, tellApp } from './which.ts';

export const update: Command = {
  name: 'update',
  summary: 'change name, allowlist, client id or client secret of an app',
  details:
    'Authorizations that go beyond a narrower allowlist, and all of them when the client id is another, give no token until they are authorized again.',
  arguments: [APP],
  options: [
    WORKSPACE,
    { flags: '--name <name>', about: 'another name' },
    { ...ALLOW_SCOPE, about: 'scope it may ask for, one a flag: these and no others' },
    { flags: '--no-allow-scope', about: 'it may ask for anything' },
    { flags: '--client-id <id>', about: 'the client id that the provider gave' },
    ...SECRET_SOURCES,
    { flags: '--public', about: 'it has no client secret any more' },
    { flags: '--callback-port <port>', about: 'the port of its redirect URI' },
    {
      flags: '--integration <name>',
      about: 'the configured integration it is bound to',
      completes: 'integration',
    },
    { flags: '--no-integration', about: 'bind it to none' },
  ],
  examples: [
    'apps update github --allow-scope repo --allow-scope read:org',
    'apps update github --from-stdin < new-secret.txt',
  ],
  async run(context, input) {
    const { app, workspace } = await oneApp(context, await context.store(), input);
    const provider = await providerOf(context, app);
    const wish = await wishOf(context, input, app, provider);
    const which = { workspaceId: workspace.id, text: app.id };
    const ledger = await context.ledger('unlocked');
    const habits = provider?.scopes ?? {};
    const {
      app: after,
      changed,
      marked,
    } = await updateApp(ledger, await context.operator(), which, wish, habits);
    await context.out.say(`${after.name} ${changed ? 'was changed' : 'is so already'}`);
    if (after.redirectPort !== app.redirectPort) {
      const redirect = redirectOf(provider, after.redirectPort ?? undefined, context.random);
      await showSettings(context, { provider, server: after.server }, redirect);
    }
    for (const grant of marked) {
      const { account, needsReason } = grant;
      if (needsReason === null) {
        await context.out.say(`${account} is allowed again`);
        continue;
      }
      await context.out.say(`${account} needs to be authorized again: ${needsReason}`);
      await context.out.hint(await reconnect(await context.store(), { app: after, grant }));
    }
    await tellApp(context, after, workspace);
    return undefined;
  },
};

/** The built-in provider of an app, if it is of one. */
export async function providerOf(context: Context, { provider }: App): Promise<Provider | undefined> {
  return provider === null ? undefined : (await context.authorization()).findProvider(provider);
}

async function wishOf(
  context: Context,
  input: Input,
  app: App,
  provider: Provider | undefined,
): Promise<AppWish> {
  const said = await secretSaid(context, input);
  const isFirst = said !== undefined && app.clientAuth === 'none';
  const wish: AppWish = {
    name: input.name('name'),
    allowlist: input.off('allowScope') ? null : scopesSaid(input, 'allowScope', provider),
    clientId: clientIdSaid(input),
    secret: said ?? (input.flag('public') ? null : undefined),
    clientAuth: isFirst ? await authWithSecret(context, app, provider) : undefined,
    redirectPort: portOf(input),
    integration: input.off('integration') ? null : input.text('integration'),
  };
  if (Object.values(wish).some((value) => value !== undefined)) return wish;
  throw new Failure(
    'usage',
    'nothing to change: give --name, --allow-scope, --client-id, a client secret, --callback-port or --integration',
  );
}

/** How a client that gets its first secret authenticates: as `apps register` decides, by what the server says now. */
async function authWithSecret(
  context: Context,
  { server }: App,
  provider: Provider | undefined,
): Promise<ClientAuth | undefined> {
  if (provider !== undefined) return clientAuthFor(fromProvider(provider), true);
  if (server.issuer === null) return undefined;
  try {
    const { clientAuth } = await (await context.authorization()).discover(server.issuer);
    return clientAuthFor({ offered: clientAuth }, true);
  } catch (error) {
    // It was registered endpoint by endpoint: such a server need not publish anything.
    if (error instanceof Failure && error.code === 'provider_failed') return undefined;
    throw error;
  }
}
