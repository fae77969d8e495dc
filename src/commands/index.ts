import type { Command, CommandList, Listed, Noun } from './command.ts';

/** The one list of commands: nouns with their verbs, in the order of the help. Each file is loaded on use. */
export const NOUNS: readonly Noun[] = [
  {
    name: 'keys',
    singular: 'key',
    summary: 'API keys: create, list, show, pause, revoke, verify',
    verbs: [
      { name: 'create', load: async () => (await import('./keys/create.ts')).create },
      { name: 'import', load: async () => (await import('./keys/import.ts')).importCommand },
      { name: 'list', load: async () => (await import('./keys/list.ts')).list },
      { name: 'show', load: async () => (await import('./keys/show.ts')).show },
      { name: 'update', load: async () => (await import('./keys/update.ts')).update },
      { name: 'rotate', load: async () => (await import('./keys/rotate.ts')).rotate },
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
    name: 'rotations',
    singular: 'rotation',
    summary: 'rotations of keys: what is open, go on, end, take back',
    verbs: [
      { name: 'list', load: async () => (await import('./rotations/list.ts')).list },
      { name: 'resume', load: async () => (await import('./rotations/resume.ts')).resume },
      { name: 'finish', load: async () => (await import('./rotations/finish.ts')).finish },
      { name: 'rollback', load: async () => (await import('./rotations/rollback.ts')).rollback },
    ],
    mistaken: {
      create: 'keys rotate',
      start: 'keys rotate',
      continue: 'rotations resume',
      end: 'rotations finish',
      cancel: 'rotations rollback',
      abort: 'rotations rollback',
      undo: 'rotations rollback',
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
    name: 'members',
    singular: 'member',
    summary: 'people of a workspace and their roles',
    verbs: [
      { name: 'add', load: async () => (await import('./members/add.ts')).add },
      { name: 'list', load: async () => (await import('./members/list.ts')).list },
      { name: 'update', load: async () => (await import('./members/update.ts')).update },
      { name: 'remove', load: async () => (await import('./members/remove.ts')).remove },
    ],
    mistaken: {
      create: 'members add',
      invite: 'members add',
      delete: 'members remove',
      rm: 'members remove',
    },
  },
  {
    name: 'policy',
    singular: 'policy',
    summary: 'what a workspace allows to whom',
    verbs: [
      { name: 'show', load: async () => (await import('./policy/show.ts')).show },
      { name: 'set', load: async () => (await import('./policy/set.ts')).set },
    ],
    mistaken: { list: 'policy show', update: 'policy set' },
  },
  {
    name: 'integrations',
    singular: 'integration',
    summary: 'external systems that keys can be bound to',
    verbs: [
      { name: 'create', load: async () => (await import('./integrations/create.ts')).create },
      { name: 'list', load: async () => (await import('./integrations/list.ts')).list },
      { name: 'show', load: async () => (await import('./integrations/show.ts')).show },
      { name: 'update', load: async () => (await import('./integrations/update.ts')).update },
      { name: 'configure', load: async () => (await import('./integrations/configure.ts')).configure },
      { name: 'disable', load: async () => (await import('./integrations/disable.ts')).disable },
      { name: 'enable', load: async () => (await import('./integrations/enable.ts')).enable },
      { name: 'remove', load: async () => (await import('./integrations/remove.ts')).remove },
    ],
    mistaken: { add: 'integrations create', delete: 'integrations remove', rm: 'integrations remove' },
  },
  {
    name: 'apps',
    singular: 'app',
    summary: 'OAuth apps: register, authorize, get a token, take it back',
    verbs: [
      { name: 'register', load: async () => (await import('./apps/register.ts')).register },
      { name: 'authorize', load: async () => (await import('./apps/authorize.ts')).authorize },
      { name: 'token', load: async () => (await import('./apps/token.ts')).token },
      { name: 'list', load: async () => (await import('./apps/list.ts')).list },
      { name: 'show', load: async () => (await import('./apps/show.ts')).show },
      { name: 'update', load: async () => (await import('./apps/update.ts')).update },
      { name: 'revoke', load: async () => (await import('./apps/revoke.ts')).revoke },
      { name: 'remove', load: async () => (await import('./apps/remove.ts')).remove },
    ],
    mistaken: {
      ...{ add: 'apps register', create: 'apps register', new: 'apps register' },
      ...{ connect: 'apps authorize', reconnect: 'apps authorize', login: 'apps authorize' },
      ...{ refresh: 'apps token', disconnect: 'apps revoke', logout: 'apps revoke' },
      ...{ delete: 'apps remove', rm: 'apps remove' },
    },
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
  {
    name: 'backup',
    singular: 'backup',
    summary: 'the whole store in one sealed file',
    verbs: [
      { name: 'create', load: async () => (await import('./backup/create.ts')).create },
      { name: 'verify', load: async () => (await import('./backup/verify.ts')).verify },
      { name: 'restore', load: async () => (await import('./backup/restore.ts')).restore },
    ],
    mistaken: { add: 'backup create', new: 'backup create', check: 'backup verify' },
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
