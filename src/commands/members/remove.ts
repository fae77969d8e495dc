import type { Context } from '../../context.ts';
import { requireAllowed } from '../../domain/access/require.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { findMember } from '../../domain/workspaces/members.ts';
import {
  type Fate,
  holdingsOf,
  removalOf,
  removeMember,
  undecided,
} from '../../domain/workspaces/remove-member.ts';
import type { Member } from '../../domain/workspaces/workspace.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { checkedName, type Input } from '../input.ts';
import { DRY_RUN, WORKSPACE, YES } from '../options.ts';
import { counted } from '../plural.ts';
import { oneWorkspace } from '../workspace.ts';
import { memberJson } from './describe.ts';

const MOST_NAMED = 10;

export const remove: Command = {
  name: 'remove',
  summary: 'take somebody out of a workspace, and settle what they own',
  details:
    'What they own goes to another member or is revoked, in the same transaction. Whoever knows a key still has it: rotate those that they have seen.',
  arguments: [{ name: '<name>', about: 'who' }],
  options: [
    WORKSPACE,
    { flags: '--reassign-to <member>', about: 'give what they own to this member' },
    { flags: '--revoke-owned', about: 'revoke what they own' },
    DRY_RUN,
    YES,
  ],
  examples: ['members remove ben --reassign-to ana', 'members remove ben --revoke-owned --yes'],
  async run(context, input) {
    const name = checkedName(input.args[0] ?? '', 'the name');
    const said = fateOf(input);
    const store = await context.store();
    const workspace = await oneWorkspace(context, store, input);
    const member = await findMember(store, workspace.id, name);
    const owned = await holdingsOf(store, workspace.id, name, context.now());
    const dryRun = input.flag('dryRun');
    await requireAllowed(store, context.actor(), workspace.id, removalOf(member, owned, said));
    const fate = said ?? (dryRun ? undefined : await fateFor(context, store, input, member, owned));
    const effect = effectOf(member, workspace.slug, owned, fate);
    const lines = said === undefined && !dryRun ? [effect] : [...keyLines(owned), effect];
    let keys = owned;
    if (dryRun) {
      for (const line of lines) await context.out.say(line);
    } else {
      await confirm(context, input, { lines, question: `remove ${name}?` });
      const options = { fate, expect: owned.length };
      ({ keys } = await removeMember(await context.ledger('unlocked'), workspace, name, options));
      await context.out.say(`removed ${name} from ${workspace.slug}${settled(keys, fate)}`);
    }
    if (context.out.audience === 'table') return undefined;
    await context.out.value(name, {
      ...memberJson(member, workspace.slug),
      reassigned_to: typeof fate === 'object' ? fate.reassignTo : null,
      keys: keys.map((key) => ({
        public_key: publicKey(key),
        name: key.name,
        revoked: key.revokedAt !== null,
      })),
    });
    return undefined;
  },
};

function fateOf(input: Input): Fate | undefined {
  const reassignTo = input.name('reassignTo');
  if (reassignTo !== undefined && input.flag('revokeOwned'))
    throw new Failure('usage', 'give --reassign-to or --revoke-owned, not both');
  if (reassignTo !== undefined) return { reassignTo };
  return input.flag('revokeOwned') ? 'revoke' : undefined;
}

/** Asks what is to become of what they own. With nobody to ask that is `usage`, naming the flags that say it. */
async function fateFor(
  context: Context,
  store: Readers,
  input: Input,
  { name, workspaceId }: Member,
  owned: readonly ApiKey[],
): Promise<Fate | undefined> {
  if (owned.length === 0) return undefined;
  if (!context.ask.interactive || input.flag('yes')) throw undecided(name, owned);
  for (const line of keyLines(owned)) await context.out.warn(line);
  const others = (await store.workspaces.members(workspaceId)).filter((member) => member.name !== name);
  return context.ask.select<Fate>(`${name} owns ${counted(owned.length, 'key')}; what becomes of that?`, [
    ...others.map((heir) => ({ name: `give to ${heir.name}`, value: { reassignTo: heir.name } })),
    { name: 'revoke, at once and for good', value: 'revoke' as const },
  ]);
}

function keyLines(owned: readonly ApiKey[]): readonly string[] {
  const lines = owned.slice(0, MOST_NAMED).map((key) => `${key.name}  ${publicKey(key)}`);
  return owned.length > MOST_NAMED ? [...lines, `and ${owned.length - MOST_NAMED} more`] : lines;
}

function effectOf({ name }: Member, slug: string, owned: readonly ApiKey[], fate: Fate | undefined): string {
  if (owned.length === 0) return `${name} will be no member of ${slug} any more, and owns no key`;
  const keys = counted(owned.length, 'key');
  if (fate === undefined) return `${name} owns ${keys}: say --reassign-to MEMBER or --revoke-owned`;
  if (fate !== 'revoke') return `${keys} of ${name} will belong to ${fate.reassignTo}`;
  return `${keys} of ${name} will be revoked, at once and for good`;
}

function settled(keys: readonly ApiKey[], fate: Fate | undefined): string {
  if (keys.length === 0 || fate === undefined) return '';
  const many = counted(keys.length, 'key');
  return fate === 'revoke' ? `; revoked ${many}` : `; ${many} went to ${fate.reassignTo}`;
}
