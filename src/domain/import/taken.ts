import { PROGRAM } from '../../errors.ts';
import type { Readers } from '../ports/store.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import { badRows } from './bad-rows.ts';
import type { Candidate } from './candidate.ts';

/**
 * Looks every token and name up. Throws `exists` for tokens that a key has already, else for names that an unrevoked
 * key has, naming the first ten rows.
 */
export async function refuseTaken(
  readers: Readers,
  workspace: Workspace,
  candidates: readonly Candidate[],
): Promise<void> {
  const [known, taken] = [badRows(), badRows()];
  for (const { line, name, found, aliases } of candidates) {
    for (const digest of [found, ...aliases]) {
      if ((await readers.keys.byForeign(digest)) !== undefined)
        known.add({ line, reason: 'a key with its token is there already' });
    }
    // Of the names that begin with this one it is the first.
    if (name !== undefined && (await readers.keys.names(workspace.id, name, 1))[0] === name)
      taken.add({ line, field: 'name', reason: `there is a key "${name}" already` });
  }
  const hint = `${PROGRAM} keys list -w ${workspace.slug}`;
  known.refuse('exists', hint);
  taken.refuse('exists', hint);
}

/** The same for tokens that are known under another digest than the one that will be stored; most have none. */
export async function refuseAliases(
  readers: Readers,
  workspace: Workspace,
  candidates: readonly Candidate[],
): Promise<void> {
  const some = candidates.filter(({ aliases }) => aliases.length > 0);
  if (some.length > 0) await refuseTaken(readers, workspace, some);
}
