import type { Context } from '../../context.ts';
import { findIntegration } from '../../domain/integrations/find.ts';
import type { KeyFilter, KeyStatus } from '../../domain/keys/key.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { requireOwner } from '../../domain/workspaces/members.ts';
import { badValue, type Input } from '../input.ts';

/** The filter that the shared flags describe, in this workspace or in all. Throws `not_found` for an integration or owner. */
export async function keyFilter(
  context: Context,
  store: Readers,
  input: Input,
  workspaceId: string | undefined,
  term: string | undefined,
): Promise<KeyFilter> {
  const now = context.now();
  const within = input.duration('expiringWithin');
  const unused = input.duration('unusedFor');
  const owner = input.name('owner');
  if (owner !== undefined) await requireOwner(store, workspaceId, owner, now);
  const status = input.text('status') as KeyStatus | undefined;
  const integrationId = await integrationOf(store, input, workspaceId);
  return {
    ...(workspaceId === undefined ? {} : { workspaceId }),
    ...(term === undefined ? {} : { term: term.normalize('NFC') }),
    ...(status === undefined ? {} : { status }),
    ...(owner === undefined ? {} : { owner }),
    ...(integrationId === undefined ? {} : { integrationId }),
    ...(within === undefined ? {} : { expiringBefore: now + within }),
    ...(unused === undefined ? {} : { unusedSince: now - unused }),
  };
}

/** An id says which one without a workspace; a name may be that of several. */
async function integrationOf(
  store: Readers,
  input: Input,
  workspaceId: string | undefined,
): Promise<string | undefined> {
  const text = input.text('integration');
  if (text === undefined) return undefined;
  const where = workspaceId ?? (await store.integrations.byId(text))?.workspaceId;
  if (where === undefined) throw badValue('integration', 'needs --workspace, which says whose it is');
  return (await findIntegration(store, where, text)).id;
}
