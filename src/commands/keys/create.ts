import type { Context } from '../../context.ts';
import type { Ledger } from '../../domain/audit/change.ts';
import { createKey, type NewKey } from '../../domain/keys/create.ts';
import type { Mode } from '../../domain/keys/key.ts';
import { parseNetwork } from '../../domain/keys/networks.ts';
import { ACCESS_LEVELS, isScope } from '../../domain/keys/scopes.ts';
import { revokeKeys } from '../../domain/keys/stop.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Secret } from '../../domain/secret.ts';
import { commandOn } from '../../domain/shell.ts';
import { parseExpiry } from '../../domain/time.ts';
import { lifeText } from '../../domain/workspaces/policy.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import type { Command } from '../command.ts';
import { badValue, type Input } from '../input.ts';
import { WORKSPACE } from '../options.ts';
import { oneWorkspace } from '../workspace.ts';
import { askForScopes, confirmCreation } from './ask.ts';
import { expiry, keyJson, type Shown, showing } from './describe.ts';

export const create: Command = {
  name: 'create',
  summary: 'create a key and print its secret key, this once',
  details: 'The secret key goes to stdout; only a keyed hash of it is stored.',
  options: [
    WORKSPACE,
    {
      flags: '--scope <scope>',
      about: 'resource:action it may use',
      repeats: true,
      commas: true,
      completes: 'scope',
    },
    {
      flags: '--access <level>',
      about: 'instead of scopes: *:read, or *:read and *:write',
      choices: Object.keys(ACCESS_LEVELS),
    },
    { flags: '--name <name>', about: 'what you call it (default: from scope and date)' },
    {
      flags: '--expires <when>',
      about: "90d, 2027-02-19 (the end of that day, UTC) or never (default: the policy's, 90d)",
    },
    { flags: '--owner <member>', about: 'who answers for it (default: you)', completes: 'member' },
    { flags: '--integration <name>', about: 'the configured integration it is bound to' },
    { flags: '--purpose <text>', about: 'what it is for' },
    { flags: '--mode <mode>', about: 'live or test (default: live)', choices: ['live', 'test'] },
    {
      flags: '--allow-ip <cidr>',
      about: 'network it may be used from, IPv4 or IPv6',
      repeats: true,
      commas: true,
    },
  ],
  examples: [
    'keys create --workspace acme --scope orders:read',
    'keys create --access read --expires 30d --name reports --allow-ip 203.0.113.0/24',
    'keys create --scope orders:read --scope orders:write --json',
  ],
  async run(context, input) {
    const wish = wishOf(context, input);
    const store = await context.store();
    const workspace = await oneWorkspace(context, store, input);
    const asked = wish.scopes.length === 0;
    const complete = {
      ...wish,
      workspace,
      scopes: asked ? await askForScopes(context, store, workspace) : wish.scopes,
    };
    if (asked) await confirmCreation(context, store, complete);
    // Before there is a secret: whatever fails between that and showing it would leave it live and unseen.
    const named = await showing(store);
    const { hasher } = await context.operator();
    const ledger = await context.ledger('unlocked');
    const { key, secretKey, notes } = await createKey(ledger, { hasher, random: context.random }, complete);
    const shown = named(key);
    await tell(context, shown, input.text('expires') === undefined);
    await deliver(context, ledger, shown, secretKey);
    for (const note of notes) await context.out.say(`note: ${note}`);
    await context.out.say(`shown once and not stored; if lost: ${commandOn('keys rotate', key.name)}`);
    return undefined;
  },
};

function wishOf(context: Context, input: Input): Omit<NewKey, 'workspace'> {
  if (input.args.length > 0)
    throw new Failure('usage', 'keys create takes no argument', { hint: '{keywright} keys create --name …' });
  const now = context.now();
  const expires = input.text('expires');
  const expiry = expires === undefined ? undefined : parseExpiry(expires, now);
  if (expiry !== undefined && 'reason' in expiry) throw badValue('expires', expiry.reason);
  return {
    scopes: scopesOf(context, input),
    mode: (input.text('mode') ?? 'live') as Mode,
    networks: networksOf(input),
    expiresAt: expiry?.at,
    name: input.name('name'),
    purpose: input.line('purpose'),
    owner: input.name('owner'),
    integration: input.name('integration'),
  };
}

function scopesOf(context: Context, input: Input): readonly string[] {
  const scopes = scopesSaid(input);
  if (scopes.length > 0 || context.ask.interactive) return scopes;
  throw new Failure('usage', '--scope is missing: a key without scopes may do nothing', {
    hint: '{keywright} keys create --scope orders:read, or --access read',
  });
}

/** The scopes of `--scope` or `--access`; none when neither is given. */
export function scopesSaid(input: Input): readonly string[] {
  const access = input.text('access');
  const scopes = input.list('scope');
  if (access !== undefined && scopes.length > 0)
    throw new Failure('usage', 'give --scope or --access, not both');
  if (access !== undefined) return ACCESS_LEVELS[access as keyof typeof ACCESS_LEVELS];
  for (const scope of scopes) {
    if (!isScope(scope))
      throw badValue(
        'scope',
        `"${scope}" is not resource:action in lower case, such as orders:read or orders:*`,
      );
  }
  return scopes;
}

/** The networks of `--allow-ip` in canonical form. */
export function networksOf(input: Input): readonly string[] {
  return input.list('allowIp').map((text) => {
    const parsed = parseNetwork(text);
    if ('reason' in parsed) throw badValue('allowIp', `"${text}" ${parsed.reason}`);
    return parsed.network;
  });
}

async function tell(
  context: Context,
  { key, workspace, integration }: Shown,
  byDefault: boolean,
): Promise<void> {
  const life = key.expiresAt === null ? null : key.expiresAt - key.createdAt;
  const parts = [
    key.scopes.join(' '),
    key.mode,
    ...(integration === null ? [] : [`for ${integration}`]),
    `${expiry(key.expiresAt, context.now())}${byDefault ? ` (default ${lifeText(life)})` : ''}`,
  ];
  await context.out.say(`created ${key.name} in ${workspace}: ${publicKey(key)}`);
  await context.out.say(parts.join(' · '));
}

/**
 * Hands the secret key over. When it can't be shown nobody has it, so the key is revoked at once:
 * better none than one that is live and known to nobody.
 */
async function deliver(context: Context, ledger: Ledger, made: Shown, secretKey: Secret): Promise<void> {
  const { key } = made;
  const shown = context.now();
  try {
    await context.out.beforeSecret(secretKey);
    if (context.out.audience === 'json') {
      await context.out.json({ ...keyJson(made, shown), secret_key: secretKey.reveal() });
    } else await context.out.secret(secretKey);
  } catch (error) {
    await undo(context, publicKey(key));
    throw new Failure('output_failed', 'the secret key could not be written, so the new key was revoked', {
      cause: error,
    });
  }
  await ledger.store
    .write((tx) => tx.write.keys.markShown(key.kid, key.version, shown))
    .catch(() => undefined);
}

/** Without unlocking: a new root key meanwhile must not keep alive what nobody has seen. */
async function undo(context: Context, name: string): Promise<void> {
  try {
    const reason = 'its secret key could not be shown';
    // We hold its secret, so a role that was taken away meanwhile doesn't matter.
    const selection = { names: [name], workspaceId: undefined, withSecret: true };
    await revokeKeys(await context.ledger('locked'), selection, { reason });
  } catch (error) {
    throw new Failure(
      'output_failed',
      `the secret key could not be written, and the new key ${name} not be revoked`,
      {
        hint: `${PROGRAM} keys revoke ${name} --yes`,
        cause: error,
      },
    );
  }
}
