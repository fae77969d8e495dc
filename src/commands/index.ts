import type { Command, CommandList, Listed, Noun } from './command.ts';

/** The one list of commands: nouns with their verbs, in the order of the help. Each file is loaded on use. */
export const NOUNS: readonly Noun[] = [
  {
    name: 'keys',
    singular: 'key',
    summary: 'API keys: create, list, show, pause, revoke, verify',
    verbs: [
      { name: 'create', load: async () => (await import('./keys/create.ts')).create },
      { name: 'list', load: async () => (await import('./keys/list.ts')).list },
      { name: 'show', load: async () => (await import('./keys/show.ts')).show },
      { name: 'update', load: async () => (await import('./keys/update.ts')).update },
      { name: 'disable', load: async () => (await import('./keys/disable.ts')).disable },
      { name: 'enable', load: async () => (await import('./keys/enable.ts')).enable },
      { name: 'revoke', load: async () => (await import('./keys/revoke.ts')).revoke },
      { name: 'verify', load: async () => (await import('./keys/verify.ts')).verify },
    ],
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
    verbs: [
      { name: 'create', load: async () => (await import('./workspaces/create.ts')).create },
      { name: 'list', load: async () => (await import('./workspaces/list.ts')).list },
      { name: 'show', load: async () => (await import('./workspaces/show.ts')).show },
      { name: 'rename', load: async () => (await import('./workspaces/rename.ts')).rename },
      { name: 'archive', load: async () => (await import('./workspaces/archive.ts')).archive },
      { name: 'use', load: async () => (await import('./workspaces/use.ts')).use },
    ],
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
    verbs: [
      { name: 'add', load: async () => (await import('./scopes/add.ts')).add },
      { name: 'list', load: async () => (await import('./scopes/list.ts')).list },
      { name: 'remove', load: async () => (await import('./scopes/remove.ts')).remove },
    ],
    mistaken: { create: 'scopes add', delete: 'scopes remove', rm: 'scopes remove' },
  },
  {
    name: 'slots',
    singular: 'slot',
    summary: 'ways to unlock the store',
    verbs: [
      { name: 'add', load: async () => (await import('./slots/add.ts')).add },
      { name: 'list', load: async () => (await import('./slots/list.ts')).list },
      { name: 'remove', load: async () => (await import('./slots/remove.ts')).remove },
      { name: 'test', load: async () => (await import('./slots/test.ts')).test },
      { name: 'rekey', load: async () => (await import('./slots/rekey.ts')).rekey },
    ],
    mistaken: { create: 'slots add', delete: 'slots remove', rm: 'slots remove' },
  },
  {
    name: 'audit',
    singular: 'audit',
    summary: 'what was done, by whom',
    verbs: [
      { name: 'list', load: async () => (await import('./audit/list.ts')).list },
      { name: 'verify', load: async () => (await import('./audit/verify.ts')).verify },
      { name: 'export', load: async () => (await import('./audit/export.ts')).exportCommand },
    ],
  },
];

/** Commands without a noun. */
export const PLAIN: readonly Listed[] = [
  { name: 'init', load: async () => (await import('./init.ts')).init },
  { name: 'doctor', load: async () => (await import('./doctor.ts')).doctor },
  { name: 'completion', load: async () => (await import('./completion.ts')).completionOf(allCommands) },
];

/** Every command, loaded: for completion scripts, and for tests that sweep them. */
export async function allCommands(): Promise<CommandList> {
  const nouns = NOUNS.map(async (noun) => ({ ...noun, verbs: await loaded(noun.verbs) }));
  return { nouns: await Promise.all(nouns), plain: await loaded(PLAIN) };
}

/** These commands, loaded, in the same order. */
export function loaded(listed: readonly Listed[]): Promise<readonly Command[]> {
  return Promise.all(listed.map((one) => one.load()));
}
