import type { Context } from '../../context.ts';
import type { NewKey } from '../../domain/keys/create.ts';
import { isScope } from '../../domain/keys/scopes.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { defaultLifeOf, lifeText } from '../../domain/workspaces/policy.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import { Failure } from '../../errors.ts';
import { expiry } from './describe.ts';

const COMMON = ['*:read', '*:write'];

/**
 * Asks for scopes one after the other, offering the catalogue, the usual access levels and whatever
 * well-formed scope is typed, until nothing more is wanted. At least one.
 */
export async function askForScopes(
  context: Context,
  store: Readers,
  workspace: Workspace,
): Promise<readonly string[]> {
  const catalogue = await store.workspaces.catalogue(workspace.id);
  const known = catalogue.length > 0 ? catalogue.map((entry) => entry.scope) : COMMON;
  const chosen: string[] = [];
  for (;;) {
    const message =
      chosen.length === 0 ? 'scope (resource:action)' : `another scope (so far ${chosen.join(' ')})`;
    const scope = await context.ask.search(message, async (term) => {
      const fits = known.filter((one) => one.includes(term) && !chosen.includes(one));
      const typed = isScope(term) && !known.includes(term) && catalogue.length === 0 ? [term] : [];
      const done = chosen.length > 0 && term === '' ? [{ name: 'no more', value: '' }] : [];
      return [...done, ...[...typed, ...fits].map((one) => ({ name: one, value: one }))];
    });
    if (scope === '') return chosen;
    chosen.push(scope);
  }
}

/** Shows what was put together by asking, and asks whether to go on. */
export async function confirmCreation(context: Context, store: Readers, wish: NewKey): Promise<void> {
  const { longestLife, ...policy } = await store.workspaces.policy(wish.workspace.id);
  const usual = defaultLifeOf({ longestLife, ...policy });
  const now = context.now();
  const byDefault = usual === null ? null : now + usual;
  const expires = expiry(wish.expiresAt === undefined ? byDefault : wish.expiresAt, now);
  const most = longestLife === null ? '' : `, at most ${lifeText(longestLife)}`;
  await context.out.warn(
    `a ${wish.mode} key of ${wish.workspace.slug} that may do: ${wish.scopes.join(' ')}`,
  );
  await context.out.warn(`${expires}; change that with --expires (default ${lifeText(usual)}${most})`);
  if (!(await context.ask.confirm('create it?', { default: true })))
    throw new Failure('cancelled', 'nothing was created');
}
