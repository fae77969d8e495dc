import type { Context } from '../../context.ts';
import { type Integration, statusOfIntegration } from '../../domain/integrations/integration.ts';
import {
  type Fate,
  fateMissing,
  keysOf,
  removeIntegration,
  requireRemoving,
} from '../../domain/integrations/remove.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import { statusOf } from '../../domain/keys/status.ts';
import { publicKey } from '../../domain/keys/token.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Input } from '../input.ts';
import { DRY_RUN, WORKSPACE, YES } from '../options.ts';
import { counted } from '../plural.ts';
import { integrationJson, type Shown } from './describe.ts';
import { firstKeys, INTEGRATION, oneIntegration } from './which.ts';

export const remove: Command = {
  name: 'remove',
  summary: 'remove an integration, and revoke its keys or keep them',
  details:
    'Kept keys are bound to no integration from then on. If it was disabled they are disabled, too, so that none of them comes back to life by this.',
  arguments: [INTEGRATION],
  options: [
    WORKSPACE,
    { flags: '--revoke-keys', about: 'revoke its keys, for good' },
    { flags: '--keep-keys', about: 'keep its keys, bound to none' },
    DRY_RUN,
    YES,
  ],
  examples: ['integrations remove old-shop', 'integrations remove old-shop --revoke-keys --yes'],
  async run(context, input) {
    const said = saidOf(input);
    const store = await context.store();
    const { integration, workspace, which } = await oneIntegration(context, store, input);
    // Nobody is asked about what would be refused afterwards.
    const may = (fate: Fate | undefined) =>
      requireRemoving(store, { actor: context.actor() }, integration, fate, context.now());
    await may(said);
    const all = await keysOf(store, integration, context.now());
    let keys: readonly ApiKey[] = all.filter((key) => key.revokedAt === null);
    if (input.flag('dryRun')) {
      const lines = [...firstKeys(keys), `would be removed: ${effectOf(integration, keys.length, said)}`];
      for (const line of lines) await context.out.say(line);
    } else {
      const fate = said ?? (keys.length === 0 ? undefined : await askFate(context, input, integration, keys));
      if (fate !== said) await may(fate);
      const lines = [...firstKeys(keys), `removes ${effectOf(integration, keys.length, fate)}`];
      await confirm(context, input, { lines, question: `remove ${integration.name}?` });
      const expect = input.flag('yes') ? undefined : keys.length;
      const done = await removeIntegration(await context.ledger('unlocked'), which, { fate, expect });
      keys = done.keys;
      await context.out.say(`removed ${effectOf(integration, keys.length, fate)}`);
    }
    await tell(context, { integration, workspace: workspace.slug }, keys, !input.flag('dryRun'));
    return undefined;
  },
};

/** `keys`: the unrevoked ones, as they are now. On a terminal the talk was all. */
async function tell(
  context: Context,
  shown: Shown,
  keys: readonly ApiKey[],
  removed: boolean,
): Promise<void> {
  if (context.out.audience === 'table') return;
  const now = context.now();
  const stopped = !removed && statusOfIntegration(shown.integration) !== 'configured';
  await context.out.value(shown.integration.name, {
    ...integrationJson(shown),
    ...(removed ? { status: 'removed' } : {}),
    removed,
    keys: keys.map((key) => ({
      name: key.name,
      public_key: publicKey(key),
      status: statusOf(key, now, stopped),
    })),
  });
}

function saidOf(input: Input): Fate | undefined {
  const [revoke, keep] = [input.flag('revokeKeys'), input.flag('keepKeys')];
  if (revoke && keep) throw new Failure('usage', 'give --revoke-keys or --keep-keys, not both');
  return revoke ? 'revoke' : keep ? 'keep' : undefined;
}

/** With `--yes` nobody is to be asked, and what becomes of keys is not for a default to decide. */
async function askFate(
  context: Context,
  input: Input,
  { name }: Integration,
  keys: readonly ApiKey[],
): Promise<Fate> {
  if (!context.ask.interactive || input.flag('yes')) throw fateMissing(name, keys.length);
  return context.ask.select<Fate>(`what becomes of ${counted(keys.length, 'key')} of ${name}?`, [
    { name: 'revoke', value: 'revoke', description: 'they stop verifying, for good' },
    { name: 'keep', value: 'keep', description: 'they stay, bound to no integration' },
  ]);
}

function effectOf(integration: Integration, keys: number, fate: Fate | undefined): string {
  const { name } = integration;
  if (keys === 0) return name;
  const them = counted(keys, 'key');
  if (fate === undefined) return `${name}; --revoke-keys or --keep-keys says what becomes of ${them}`;
  if (fate === 'revoke') return `${name}; ${them} revoked for good`;
  const paused = statusOfIntegration(integration) === 'configured' ? '' : ' and disabled';
  return `${name}; ${them} kept${paused}, bound to no integration`;
}
