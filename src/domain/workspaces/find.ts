import { Failure, PROGRAM } from '../../errors.ts';
import { notFound } from '../nearest.ts';
import type { Readers } from '../ports/store.ts';
import type { Workspace } from './workspace.ts';

/** The workspace of this slug or id; throws `not_found` with the nearest slug. */
export async function findWorkspace(store: Readers, text: string): Promise<Workspace> {
  const found = (await store.workspaces.bySlug(text)) ?? (await store.workspaces.byId(text));
  if (found !== undefined) return found;
  const slugs = (await store.workspaces.all()).map((workspace) => workspace.slug);
  throw notFound(`no workspace "${text}"`, text, slugs, `${PROGRAM} workspaces list`);
}

/** What nothing is made, renewed or given out in: an archived workspace (`wrong_state`). */
export function archived(slug: string): Failure {
  return new Failure('wrong_state', `workspace ${slug} is archived`, {
    hint: `${PROGRAM} workspaces archive ${slug} --undo`,
  });
}
