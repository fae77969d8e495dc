import type { ApiKey } from '../../domain/keys/key.ts';
import { statusOf } from '../../domain/keys/status.ts';
import { publicKey } from '../../domain/keys/token.ts';
import { EXIT } from '../../errors.ts';
import { deadline, moment } from '../../terminal/time.ts';
import type { Command } from '../command.ts';
import { FROM_STDIN, WORKSPACE } from '../options.ts';
import { away, keyColumns, keyJson, slugs } from './describe.ts';
import { oneKey } from './which.ts';

export const show: Command = {
  name: 'show',
  summary: 'show one key',
  arguments: [{ name: '[key]', about: 'name, id or public key', completes: 'key' }],
  options: [WORKSPACE, FROM_STDIN],
  examples: [
    'keys show billing',
    'keys show kw_pk_live_8fK2mQ0aZx1R --json',
    'keys show --from-stdin < leaked.txt',
  ],
  async run(context, input) {
    const store = await context.store();
    const key = await oneKey(context, store, input);
    const now = context.now();
    const workspaces = await store.workspaces.all();
    const archived = workspaces.some((one) => one.id === key.workspaceId && one.archivedAt !== null);
    const shown = { key, workspace: slugs(workspaces).get(key.workspaceId) ?? '?' };
    await context.out.show({
      heading: `${key.name}  ${headline(key, now)}`,
      fields: [
        ['public key', publicKey(key)],
        ['workspace', archived ? `${shown.workspace} (archived: its keys do not verify)` : shown.workspace],
        ['scopes', key.scopes.join(' ') || 'none'],
        ['mode', key.mode],
        ['owner', key.owner],
        ['purpose', key.purpose ?? undefined],
        ['networks', key.networks.join(' ') || undefined],
        ['created', `${moment(key.createdAt, now)} by ${key.createdBy}`],
        ['last used', key.lastUsedAt === null ? 'never' : away(key.lastUsedAt, now)],
        expiryField(key.expiresAt, now),
        ['reason', key.revokedReason ?? undefined],
      ],
      json: keyJson(shown, now),
      tsv: keyColumns(now).map((column) => column.tsv(shown)),
    });
    return EXIT.ok;
  },
};

/** `expires tomorrow 16:00 UTC (in 30h)`, `expired today 16:00 UTC (1h ago)`. */
function expiryField(at: number | null, now: number): [label: string, value: string] {
  if (at === null) return ['expires', 'never'];
  return [at > now ? 'expires' : 'expired', `${deadline(at, now)} (${away(at, now)})`];
}

/** The state in words, with its moment. */
function headline(key: ApiKey, now: number): string {
  const status = statusOf(key, now);
  const at = { active: null, expired: key.expiresAt, disabled: key.disabledAt, revoked: key.revokedAt }[
    status
  ];
  if (at === null) return status;
  return `${status} since ${Number.isNaN(new Date(at).getTime()) ? '?' : moment(at, now)}`;
}
