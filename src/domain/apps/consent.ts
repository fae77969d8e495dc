import { Failure, PROGRAM } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import { manages } from '../access/roles.ts';
import type { Readers } from '../ports/store.ts';
import type { Actor } from '../ports/system.ts';
import { quote } from '../shell.ts';
import type { App, Grant } from './app.ts';
import { narrow, type ProviderScope, readScopes, withhold } from './scopes.ts';

/** What narrows the scopes of an app for somebody. */
export interface ScopeRules {
  /** Name of the app and slug of the workspace, for the reasons. */
  readonly app: string;
  readonly workspace: string;
  /** null: any. */
  readonly allowlist: readonly ProviderScope[] | null;
  /** Scopes that only owners and admins may ask for. */
  readonly restricted: readonly ProviderScope[];
  /** Is the actor one of those? */
  readonly manages: boolean;
}

/** A scope that somebody may not have, and the rule that says so. */
interface LeftOut {
  readonly scope: ProviderScope;
  readonly rule: 'allowlist' | 'policy';
  /** A few words: `not in this app's allowlist`. */
  readonly why: string;
}

/** What the provider is asked for. */
export interface ConsentPlan {
  /** None, when nothing says what: the provider then grants what it does by itself, or what the app's settings there say. */
  readonly ask: readonly ProviderScope[];
  readonly leftOut: readonly LeftOut[];
}

/** The scopes that a consent is about when none is named: those asked last, else the allowlist, else none. */
export function askedByDefault(
  last: Pick<Grant, 'asked'> | undefined,
  allowlist: readonly string[] | null,
): readonly ProviderScope[] {
  const chosen = last !== undefined && last.asked.length > 0 ? last.asked : (allowlist ?? []);
  return readScopes(chosen);
}

/**
 * Asked ∩ allowlist ∩ what the actor may have, in the order asked, each narrowing with its reason. A refusal when
 * nothing is left of what was asked, or when an allowlist that is empty allows nothing.
 */
export function planConsent(
  asked: readonly ProviderScope[],
  rules: ScopeRules,
): { readonly plan: ConsentPlan } | { readonly refusal: Failure } {
  const listed = narrow(asked, rules.allowlist ?? undefined);
  const held = rules.manages ? listed.left : withhold(listed.left, rules.restricted).left;
  const leftOut = narrow(asked, undefined).left.flatMap((scope): LeftOut[] => {
    if (held.includes(scope)) return [];
    return [leave(scope, listed.left.includes(scope) ? 'policy' : 'allowlist', rules)];
  });
  // No scope at all would be asked as "whatever you grant by yourself", which is more than nothing.
  if (held.length === 0 && (leftOut.length > 0 || rules.allowlist?.length === 0))
    return { refusal: nothingLeft(leftOut[0], rules) };
  return { plan: { ask: held, leftOut } };
}

/** The rules for an app and somebody, as they are now. Throws `forbidden` for who may not connect apps at all. */
export async function scopeRules(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  { name, workspaceId, allowlist }: Pick<App, 'name' | 'workspaceId' | 'allowlist'>,
): Promise<ScopeRules> {
  await requireAllowed(readers, actor, workspaceId, { kind: 'connect-apps' });
  const policy = await readers.workspaces.policy(workspaceId);
  const members = await readers.workspaces.members(workspaceId);
  const role = members.find((one) => one.name === actor.name)?.role;
  return {
    app: name,
    workspace: (await readers.workspaces.byId(workspaceId))?.slug ?? workspaceId,
    allowlist: allowlist === null ? null : readScopes(allowlist),
    restricted: readScopes(policy.restrictedProviderScopes),
    manages: role !== undefined && manages(role),
  };
}

function leave(scope: ProviderScope, rule: LeftOut['rule'], { workspace }: ScopeRules): LeftOut {
  const why =
    rule === 'allowlist' ? "not in this app's allowlist" : `for owners and admins of ${workspace} alone`;
  return { scope, rule, why };
}

function nothingLeft(first: LeftOut | undefined, { app, workspace }: ScopeRules): Failure {
  const message =
    first === undefined
      ? `the allowlist of ${app} is empty, so there is nothing to ask for`
      : `nothing is left to ask for: ${first.scope} is ${first.why}`;
  const show = first?.rule === 'policy' ? 'policy show' : `apps show ${quote(app)}`;
  return new Failure('forbidden', message, { hint: `${PROGRAM} ${show} -w ${workspace}` });
}
