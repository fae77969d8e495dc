import type { Context } from '../../context.ts';
import { publicKey } from '../../domain/keys/token.ts';
import { type KeyWish, updateKey } from '../../domain/keys/update.ts';
import { parseExpiry } from '../../domain/time.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { badValue, type Input } from '../input.ts';
import { WORKSPACE } from '../options.ts';
import { networksOf } from './create.ts';
import { keyJson, showing } from './describe.ts';
import { within } from './which.ts';

export const update: Command = {
  name: 'update',
  summary: 'change name, purpose, owner, integration, networks or expiry of a key',
  details: 'Scopes never change: create another key for other scopes.',
  arguments: [{ name: '<key>', about: 'name, id or public key', completes: 'key' }],
  options: [
    WORKSPACE,
    { flags: '--name <name>', about: 'another name' },
    { flags: '--purpose <text>', about: 'what it is for' },
    { flags: '--no-purpose', about: 'forget the purpose' },
    { flags: '--owner <member>', about: 'who answers for it', completes: 'member' },
    { flags: '--integration <name>', about: 'the integration it is bound to, or none' },
    {
      flags: '--allow-ip <cidr>',
      about: 'networks it may be used from, instead of those so far',
      repeats: true,
      commas: true,
    },
    { flags: '--any-ip', about: 'no limit to networks any more' },
    { flags: '--expires <when>', about: '90d from now, 2027-02-19 (the end of that day, UTC) or never' },
  ],
  examples: [
    'keys update billing --name billing-eu',
    'keys update billing --expires 30d',
    'keys update billing --any-ip',
  ],
  async run(context, input) {
    const wish = wishOf(context, input);
    const store = await context.store();
    const text = input.args[0] ?? '';
    const which = { text, workspaceId: await within(context, store, input, [text]) };
    const { key, changed } = await updateKey(await context.ledger('unlocked'), which, wish);
    await context.out.say(`${key.name} ${changed ? 'was changed' : 'is so already'}`);
    if (context.out.audience === 'table') return undefined;
    const shown = (await showing(store))(key);
    await context.out.value(publicKey(key), keyJson(shown, context.now()));
    return undefined;
  },
};

function wishOf(context: Context, input: Input): KeyWish {
  const name = input.name('name');
  const purpose = input.off('purpose') ? null : input.line('purpose');
  const owner = input.name('owner');
  const networks = input.flag('anyIp') ? [] : networksOf(input);
  if (input.flag('anyIp') && input.list('allowIp').length > 0)
    throw new Failure('usage', 'give --allow-ip or --any-ip, not both');
  const expires = input.text('expires');
  const expiry = expires === undefined ? undefined : parseExpiry(expires, context.now());
  if (expiry !== undefined && 'reason' in expiry) throw badValue('expires', expiry.reason);
  const integration = input.name('integration');
  const wish: KeyWish = {
    ...(name === undefined ? {} : { name }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(owner === undefined ? {} : { owner }),
    ...(integration === undefined ? {} : { integration: integration === 'none' ? null : integration }),
    ...(networks.length === 0 && !input.flag('anyIp') ? {} : { networks }),
    ...(expiry === undefined ? {} : { expiresAt: expiry.at }),
  };
  if (Object.keys(wish).length > 0) return wish;
  throw new Failure(
    'usage',
    'nothing to change: give --name, --purpose, --owner, --integration, --allow-ip, --any-ip or --expires',
  );
}
