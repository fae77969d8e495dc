import type { Context } from '../../context.ts';
import type { App } from '../../domain/apps/app.ts';
import { type AppWish, updateApp } from '../../domain/apps/manage.ts';
import type { Provider } from '../../domain/apps/provider.ts';
import { commandLine } from '../../domain/shell.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import type { Command } from '../command.ts';
import type { Input } from '../input.ts';
import { WORKSPACE } from '../options.ts';
import { SECRET_SOURCES, secretSaid } from './client.ts';
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
    const wish = await wishOf(context, input, provider);
    const which = { workspaceId: workspace.id, text: app.id };
    const ledger = await context.ledger('unlocked');
    const habits = provider?.scopes ?? {};
    const {
      app: after,
      changed,
      marked,
    } = await updateApp(ledger, await context.operator(), which, wish, habits);
    await context.out.say(`${after.name} ${changed ? 'was changed' : 'is so already'}`);
    for (const { account, needsReason } of marked) {
      await context.out.say(`${account} needs to be authorized again: ${needsReason}`);
      const again = ['apps', 'authorize', after.name, '--account', account, '-w', workspace.slug];
      await context.out.hint(commandLine(PROGRAM, ...again));
    }
    await tellApp(context, after, workspace);
    return undefined;
  },
};

/** The built-in provider of an app, if it is of one. */
export async function providerOf(context: Context, { provider }: App): Promise<Provider | undefined> {
  return provider === null ? undefined : (await context.authorization()).findProvider(provider);
}

async function wishOf(context: Context, input: Input, provider: Provider | undefined): Promise<AppWish> {
  const secret = input.flag('public') ? null : undefined;
  const wish: AppWish = {
    name: input.name('name'),
    allowlist: input.off('allowScope') ? null : scopesSaid(input, 'allowScope', provider),
    clientId: input.text('clientId'),
    secret: (await secretSaid(context, input)) ?? secret,
    redirectPort: portOf(input),
    integration: input.off('integration') ? null : input.text('integration'),
  };
  if (Object.values(wish).some((value) => value !== undefined)) return wish;
  throw new Failure(
    'usage',
    'nothing to change: give --name, --allow-scope, --client-id, a client secret, --callback-port or --integration',
  );
}
