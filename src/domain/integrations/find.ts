import { PROGRAM } from '../../errors.ts';
import { notFound } from '../nearest.ts';
import type { Readers } from '../ports/store.ts';
import type { Integration } from './integration.ts';

/**
 * The integration of this name or id in the workspace, whatever its state; throws `not_found` with the nearest
 * name. Another workspace's id is not found either.
 */
export async function findIntegration(
  store: Pick<Readers, 'integrations'>,
  workspaceId: string,
  text: string,
): Promise<Integration> {
  const found =
    (await store.integrations.byName(workspaceId, text.normalize('NFC'))) ??
    (await store.integrations.byId(text));
  if (found?.workspaceId === workspaceId) return found;
  const names = (await store.integrations.all(workspaceId)).map(({ name }) => name);
  throw notFound(`no integration "${text}"`, text, names, `${PROGRAM} integrations list`);
}
