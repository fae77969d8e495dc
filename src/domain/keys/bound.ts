import { Failure } from '../../errors.ts';
import { findIntegration } from '../integrations/find.ts';
import { type Integration, statusOfIntegration } from '../integrations/integration.ts';
import type { Readers } from '../ports/store.ts';
import { commandOn } from '../shell.ts';

/**
 * The integration of this name or id, to bind a key to. Throws `not_found` with the nearest, and `wrong_state` for
 * one that isn't configured: none of its keys would verify.
 */
export async function bindableIntegration(
  readers: Pick<Readers, 'integrations'>,
  workspaceId: string,
  text: string,
): Promise<Integration> {
  const integration = await findIntegration(readers, workspaceId, text);
  const status = statusOfIntegration(integration);
  if (status === 'configured') return integration;
  const verb = status === 'disabled' ? 'enable' : 'configure';
  const state = status === 'disabled' ? 'disabled' : 'a draft';
  throw new Failure(
    'wrong_state',
    `the integration ${integration.name} is ${state}, so no key can be bound to it`,
    {
      hint: commandOn(`integrations ${verb}`, integration.name),
    },
  );
}
