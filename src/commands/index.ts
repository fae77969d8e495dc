import { exportCommand } from './audit/export.ts';
import { list as auditList } from './audit/list.ts';
import { verify as auditVerify } from './audit/verify.ts';
import type { Command, Noun } from './command.ts';
import { completionOf } from './completion.ts';
import { doctor } from './doctor.ts';
import { init } from './init.ts';
import { create as keysCreate } from './keys/create.ts';
import { disable } from './keys/disable.ts';
import { enable } from './keys/enable.ts';
import { list as keysList } from './keys/list.ts';
import { revoke } from './keys/revoke.ts';
import { show as keysShow } from './keys/show.ts';
import { update } from './keys/update.ts';
import { verify as keysVerify } from './keys/verify.ts';
import { add as scopesAdd } from './scopes/add.ts';
import { list as scopesList } from './scopes/list.ts';
import { remove as scopesRemove } from './scopes/remove.ts';
import { add as slotsAdd } from './slots/add.ts';
import { list as slotsList } from './slots/list.ts';
import { rekey } from './slots/rekey.ts';
import { remove as slotsRemove } from './slots/remove.ts';
import { test as slotsTest } from './slots/test.ts';
import { archive } from './workspaces/archive.ts';
import { create as workspacesCreate } from './workspaces/create.ts';
import { list as workspacesList } from './workspaces/list.ts';
import { rename } from './workspaces/rename.ts';
import { show as workspacesShow } from './workspaces/show.ts';
import { use } from './workspaces/use.ts';

/** The one list of commands: nouns with their verbs, in the order of the help. */
export const NOUNS: readonly Noun[] = [
  {
    name: 'keys',
    singular: 'key',
    summary: 'API keys: create, list, show, pause, revoke, verify',
    verbs: [keysCreate, keysList, keysShow, update, disable, enable, revoke, keysVerify],
    mistaken: {
      add: 'keys create',
      new: 'keys create',
      delete: 'keys revoke',
      rm: 'keys revoke',
      remove: 'keys revoke',
    },
  },
  {
    name: 'workspaces',
    singular: 'workspace',
    summary: 'workspaces, the tenants that keys belong to',
    verbs: [workspacesCreate, workspacesList, workspacesShow, rename, archive, use],
    mistaken: {
      add: 'workspaces create',
      delete: 'workspaces archive',
      rm: 'workspaces archive',
      remove: 'workspaces archive',
    },
  },
  {
    name: 'scopes',
    singular: 'scope',
    summary: "a workspace's optional catalogue of scopes",
    verbs: [scopesAdd, scopesList, scopesRemove],
    mistaken: { create: 'scopes add', delete: 'scopes remove', rm: 'scopes remove' },
  },
  {
    name: 'slots',
    singular: 'slot',
    summary: 'ways to unlock the store',
    verbs: [slotsAdd, slotsList, slotsRemove, slotsTest, rekey],
    mistaken: { create: 'slots add', delete: 'slots remove', rm: 'slots remove' },
  },
  {
    name: 'audit',
    singular: 'audit',
    summary: 'what was done, by whom',
    verbs: [auditList, auditVerify, exportCommand],
  },
];

/** Commands without a noun. */
export const PLAIN: readonly Command[] = [init, doctor, completionOf(() => ({ nouns: NOUNS, plain: PLAIN }))];
