import { notFound } from '../nearest.ts';
import type { Readers } from '../ports/store.ts';

/** The member's name when there is such a member of the workspace; else throws `not_found` with the nearest. */
export async function requireMember(store: Readers, workspaceId: string, name: string): Promise<string> {
  const names = (await store.workspaces.members(workspaceId)).map((member) => member.name);
  if (names.includes(name)) return name;
  throw notFound(`no member "${name}" in this workspace`, name, names, `the members are ${names.join(', ')}`);
}
