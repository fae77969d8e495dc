import type { Context } from '../../context.ts';
import { ROLES } from '../../domain/access/roles.ts';
import { readScopes } from '../../domain/apps/scopes.ts';
import { isScope } from '../../domain/keys/scopes.ts';
import { DURATION_FORMS, parseDuration } from '../../domain/time.ts';
import type { Policy } from '../../domain/workspaces/policy.ts';
import { countExceeding, type PolicyWish, setPolicy } from '../../domain/workspaces/set-policy.ts';
import type { Role, Workspace } from '../../domain/workspaces/workspace.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { badValue, type Input } from '../input.ts';
import { tellMarked } from '../marked-grants.ts';
import { WORKSPACE } from '../options.ts';
import { counted } from '../plural.ts';
import { oneWorkspace } from '../workspace.ts';
import { policyJson, settingsOf } from './describe.ts';

const LIMITED = ['admin', 'developer', 'viewer'] as const;

export const set: Command = {
  name: 'set',
  summary: 'change what a workspace allows to whom',
  details:
    'For owners. It holds for what is done from then on: keys that exceed it keep working until they end, and can not be rotated or extended by those who could not make them. Grants of apps that exceed it have to be authorized again.',
  options: [
    WORKSPACE,
    {
      flags: '--create-keys <role>',
      about: 'the least role that may create, change and rotate keys',
      choices: ROLES,
    },
    { flags: '--connect-apps <role>', about: 'the least role that may connect apps', choices: ROLES },
    {
      flags: '--restrict <scope>',
      about: 'scopes that only admins and owners may grant, instead of those so far',
      repeats: true,
      commas: true,
    },
    { flags: '--no-restrict', about: 'no scope is restricted' },
    {
      flags: '--restrict-provider-scope <scope>',
      about: 'a scope of a provider that only admins and owners may give to apps, instead of those so far',
      repeats: true,
    },
    { flags: '--no-restrict-provider-scope', about: 'no scope of a provider is restricted' },
    {
      flags: '--ceiling <role=scopes>',
      about: 'the most that a role may grant: developer=orders:*,shop:read, or viewer=none',
      repeats: true,
    },
    { flags: '--default-life <duration>', about: 'life of a key for which nothing is said: 90d, or never' },
    { flags: '--longest-life <duration>', about: 'longest life of a secret: 365d, or none for no limit' },
  ],
  examples: [
    'policy set --longest-life 365d',
    "policy set -w acme --create-keys admin --restrict 'billing:*' --restrict 'publish:*'",
    "policy set --ceiling 'developer=orders:*,shop:read'",
  ],
  async run(context, input) {
    const wish = wishOf(input);
    const store = await context.store();
    const workspace = await oneWorkspace(context, store, input);
    const { before, after, grants } = await setPolicy(await context.ledger('unlocked'), workspace, wish);
    await tellChanges(context, workspace, before, after);
    const exceeding = await countExceeding(store, workspace, { before, after }, context.now());
    if (exceeding > 0) {
      const [verb, work] = exceeding === 1 ? ['exceeds', 'keeps'] : ['exceed', 'keep'];
      await context.out.say(`${counted(exceeding, 'key')} ${verb} it now and ${work} working`);
    }
    await tellMarked(context, store, grants);
    if (context.out.audience === 'table') return undefined;
    await context.out.value(workspace.slug, {
      ...policyJson(workspace.slug, after),
      keys_exceeding: exceeding,
      grants_exceeding: grants.flatMap(({ id, needsReason }) => (needsReason === null ? [] : [id])),
    });
    return undefined;
  },
};

async function tellChanges(
  context: Context,
  { slug }: Workspace,
  before: Policy,
  after: Policy,
): Promise<void> {
  const was = settingsOf(before);
  const changes = settingsOf(after).flatMap(({ label, text }, i) =>
    was[i]?.text === text ? [] : [`${label}: ${text} (was ${was[i]?.text})`],
  );
  if (changes.length === 0) await context.out.say(`the policy of ${slug} is so already`);
  for (const line of changes) await context.out.say(line);
}

function wishOf(input: Input): PolicyWish {
  const createKeys = input.text('createKeys') as Role | undefined;
  const connectApps = input.text('connectApps') as Role | undefined;
  const restrict = input.list('restrict');
  const restrictedScopes = restrict.length === 0 && !input.off('restrict') ? undefined : restrict;
  for (const scope of restrict) requireScope('restrict', scope);
  const ofProviders = readScopes(input.list('restrictProviderScope'));
  const isGiven = ofProviders.length > 0 || input.off('restrictProviderScope');
  const ceilings = ceilingsOf(input);
  const defaultLife = lifeOf(input, 'defaultLife', 'never');
  const longestLife = lifeOf(input, 'longestLife', 'none');
  const wish: PolicyWish = {
    ...(createKeys === undefined ? {} : { createKeys }),
    ...(connectApps === undefined ? {} : { connectApps }),
    ...(restrictedScopes === undefined ? {} : { restrictedScopes }),
    ...(isGiven ? { restrictedProviderScopes: ofProviders } : {}),
    ...(ceilings === undefined ? {} : { ceilings }),
    ...(defaultLife === undefined ? {} : { defaultLife }),
    ...(longestLife === undefined ? {} : { longestLife }),
  };
  if (Object.keys(wish).length > 0) return wish;
  throw new Failure('usage', 'nothing to change: say what the policy shall be', {
    hint: '{keywright} policy set --help',
  });
}

/** `developer=orders:*,shop:read` for each role; undefined when none is given. */
function ceilingsOf(input: Input): PolicyWish['ceilings'] {
  const ceilings = new Map<string, readonly string[]>();
  for (const text of input.list('ceiling')) {
    const [role = '', list = '', ...more] = text.split('=');
    const known = LIMITED.find((one) => one === role);
    if (known === undefined || more.length > 0 || list.trim() === '')
      throw badValue(
        'ceiling',
        `"${text}" is not ROLE=SCOPES with ${LIMITED.join(', ')} (an owner may grant all)`,
      );
    if (ceilings.has(known)) throw badValue('ceiling', `gives ${known} twice`);
    const scopes = list === 'none' ? [] : list.split(/[ ,]+/).filter((scope) => scope !== '');
    for (const scope of scopes) requireScope('ceiling', scope);
    ceilings.set(known, [...new Set(scopes)]);
  }
  return ceilings.size === 0 ? undefined : Object.fromEntries(ceilings);
}

/** A duration in ms; null for the word that means none; undefined when it isn't given. */
function lifeOf(input: Input, option: string, none: string): number | null | undefined {
  const text = input.text(option);
  if (text === undefined) return undefined;
  if (text === none) return null;
  const ms = parseDuration(text);
  if (ms === undefined) throw badValue(option, `must be ${DURATION_FORMS}, or ${none}`);
  return ms;
}

function requireScope(option: string, scope: string): void {
  if (!isScope(scope))
    throw badValue(option, `"${scope}" is not resource:action in lower case, such as billing:* or *:read`);
}
