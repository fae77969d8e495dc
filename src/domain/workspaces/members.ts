import { Failure } from '../../errors.ts';
import { nearest } from '../nearest.ts';
import type { Readers } from '../ports/store.ts';

/** The member's name when there is such a member of the workspace; else throws `not_found` with the nearest. */
export async function requireMember(store: Readers, workspaceId: string, name: string): Promise<string> {
  const names = (await store.workspaces.members(workspaceId)).map((member) => member.name);
  if (names.includes(name)) return name;
  const near = nearest(name, names);
  throw new Failure('not_found', `no member "${name}" in this workspace`, {
    hint: near === undefined ? `the members are ${names.join(', ')}` : `did you mean ${near}?`,
  });
}
