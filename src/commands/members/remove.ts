import type { Context } from '../../context.ts';
import { requireAllowed } from '../../domain/access/require.ts';
import { nameOf } from '../../domain/apps/reconnect.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { findMember } from '../../domain/workspaces/members.ts';
import {
  type Fate,
  type Holdings,
  holdingsOf,
  removalOf,
  removeMember,
  sizeOf,
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
  arguments: [{ name: '<name>', about: 'who', completes: 'member' }],
  options: [
    WORKSPACE,
    { flags: '--reassign-to <member>', about: 'give what they own to this member', completes: 'member' },
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
    const appLines = appsLines(member, owned, fate);
    const lines = [...(said === undefined && !dryRun ? [] : ownedLines(owned)), effect, ...appLines];
    let settled = owned;
    if (dryRun) {
      for (const line of lines) await context.out.say(line);
    } else {
      await confirm(context, input, { lines, question: `remove ${name}?` });
      const options = { fate, expect: sizeOf(owned) };
      settled = await removeMember(await context.ledger('unlocked'), workspace, name, options);
      await context.out.say(`removed ${name} from ${workspace.slug}${outcome(settled, fate)}`);
      for (const line of appLines) await context.out.say(line);
      await tellGrants(context, settled);
    }
    if (context.out.audience === 'table') return undefined;
    await context.out.value(name, {
      ...memberJson(member, workspace.slug),
      reassigned_to: typeof fate === 'object' ? fate.reassignTo : null,
      keys: settled.keys.map((key) => ({
        public_key: publicKey(key),
        name: key.name,
        revoked: key.revokedAt !== null,
      })),
      grants: settled.grants.map(({ app, grant }) => ({
        id: grant.id,
        app: app.name,
        account: grant.account,
        revoked: grant.revokedAt !== null,
        revocation_pending: grant.revocationPending,
      })),
      apps: settled.apps.map(({ id, name, createdBy }) => ({ id, name, created_by: createdBy })),
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
  owned: Holdings,
): Promise<Fate | undefined> {
  if (sizeOf(owned) === 0) return undefined;
  if (!context.ask.interactive || input.flag('yes')) throw undecided(name, owned);
  for (const line of ownedLines(owned)) await context.out.warn(line);
  const others = (await store.workspaces.members(workspaceId)).filter((member) => member.name !== name);
  return context.ask.select<Fate>(`${name} owns ${amount(owned)}; what becomes of that?`, [
    ...others.map((heir) => ({ name: `give to ${heir.name}`, value: { reassignTo: heir.name } })),
    { name: 'revoke, at once and for good', value: 'revoke' as const },
  ]);
}

function ownedLines({ keys, grants }: Holdings): readonly string[] {
  return [
    ...shortened(keys.map((key) => `${key.name}  ${publicKey(key)}`)),
    ...shortened(grants.map((held) => `${nameOf(held)}  ${held.grant.id}`)),
  ];
}

function shortened(lines: readonly string[]): readonly string[] {
  const more = lines.length - MOST_NAMED;
  return more > 0 ? [...lines.slice(0, MOST_NAMED), `and ${more} more`] : lines;
}

/** `2 keys and 1 grant`; what there is none of isn't told, but for keys alone. */
function amount({ keys, grants }: Holdings): string {
  const parts = [
    ...(keys.length > 0 || grants.length === 0 ? [counted(keys.length, 'key')] : []),
    ...(grants.length > 0 ? [counted(grants.length, 'grant')] : []),
  ];
  return parts.join(' and ');
}

function effectOf({ name }: Member, slug: string, owned: Holdings, fate: Fate | undefined): string {
  if (sizeOf(owned) === 0) return `${name} will be no member of ${slug} any more, and owns no key`;
  const what = amount(owned);
  if (fate === undefined) return `${name} owns ${what}: say --reassign-to MEMBER or --revoke-owned`;
  if (fate !== 'revoke') return `${what} of ${name} will belong to ${fate.reassignTo}`;
  return `${what} of ${name} will be revoked, at once and for good`;
}

/** What becomes of the apps that they registered. */
function appsLines({ name }: Member, { apps }: Holdings, fate: Fate | undefined): readonly string[] {
  if (apps.length === 0) return [];
  const whose =
    typeof fate === 'object' ? `belong to ${fate.reassignTo}` : 'stay, for owners and admins to change';
  return [`apps that ${name} registered ${whose}: ${shortened(apps.map((app) => app.name)).join(', ')}`];
}

function outcome(settled: Holdings, fate: Fate | undefined): string {
  if (sizeOf(settled) === 0 || fate === undefined) return '';
  return fate === 'revoke'
    ? `; revoked ${amount(settled)}`
    : `; ${amount(settled)} went to ${fate.reassignTo}`;
}

/** What is still to be done about grants. */
async function tellGrants(context: Context, { grants }: Holdings): Promise<void> {
  const pending = grants.filter(({ grant }) => grant.revocationPending);
  if (pending.length > 0)
    await context.out.warn(
      `${counted(pending.length, 'grant')} still to be taken back at the provider: {keywright} doctor --fix`,
    );
  for (const held of grants.filter(({ grant }) => grant.needsReason !== null))
    await context.out.warn(`${nameOf(held)} must be authorized again: ${held.grant.needsReason}`);
}
