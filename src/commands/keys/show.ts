import type { Context } from '../../context.ts';
import type { ApiKey, KeyVersion } from '../../domain/keys/key.ts';
import { statusOf } from '../../domain/keys/status.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Store } from '../../domain/ports/store.ts';
import { livingOlder } from '../../domain/rotations/overlap.ts';
import { isOpen, type Rotation } from '../../domain/rotations/rotation.ts';
import { isExpired, waysOut } from '../../domain/rotations/ways-out.ts';
import { commandOn } from '../../domain/shell.ts';
import { EXIT } from '../../errors.ts';
import { age, deadline, moment } from '../../terminal/time.ts';
import type { Command } from '../command.ts';
import { FROM_STDIN, WORKSPACE } from '../options.ts';
import { goOnWith } from '../rotations/delivery.ts';
import {
  endOfOldText,
  type Listed,
  oldOf,
  rotationJson,
  versionJson,
  versionsOf,
} from '../rotations/describe.ts';
import {
  away,
  keyColumns,
  keyJson,
  type Shown,
  showing,
  shownStatus,
  usedCell,
  usedText,
} from './describe.ts';
import { oneKey } from './which.ts';

export const show: Command = {
  name: 'show',
  summary: 'show one key and its versions',
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
    const workspace = await store.workspaces.byId(key.workspaceId);
    const shown = (await showing(store))(key);
    const { superseded, rotation, versions } = await historyOf(store, key);
    const old = rotation && oldOf(rotation, superseded);
    const archived = workspace !== undefined && workspace.archivedAt !== null;
    await context.out.show({
      heading: `${key.name}  ${await headline(store, shown, now)}`,
      fields: [
        ['public key', publicKey(key)],
        ['workspace', archived ? `${shown.workspace} (archived: its keys do not verify)` : shown.workspace],
        ['integration', shown.integration ?? undefined],
        ['scopes', key.scopes.join(' ') || 'none'],
        ['mode', key.mode],
        ['owner', key.owner],
        ['purpose', key.purpose ?? undefined],
        ['networks', key.networks.join(' ') || undefined],
        ['created', `${moment(key.createdAt, now)} by ${key.createdBy}`],
        ['last used', usedText(key, key.lastUsedAt, now)],
        expiryField(key.expiresAt, now),
        ['reason', key.revokedReason ?? undefined],
        ['rotation', rotationField(rotation, now)],
      ],
      ...(superseded.length === 0 ? {} : { table: versionTable(key, versions, now) }),
      json: {
        ...keyJson(shown, now),
        versions: versions.map(versionJson),
        rotation: rotation === undefined ? null : rotationJson(rotation, old),
      },
      tsv: keyColumns(now).map((column) => column.tsv(shown)),
    });
    if (context.out.audience === 'table') await nextStep(context, shown, superseded, rotation);
    return EXIT.ok;
  },
};

/** Versions that a person is shown; `--json` has all of them. */
const MOST_SHOWN = 10;

async function historyOf(store: Store, key: ApiKey) {
  const superseded = key.olderUntil === null ? [] : await store.keys.versions(key.kid);
  const rotation = key.olderUntil === null ? undefined : await store.rotations.latest(key.kid);
  return { superseded, rotation, versions: versionsOf(key, superseded) };
}

/** `expires tomorrow 16:00 UTC (in 30h)`, `expired today 16:00 UTC (1h ago)`. */
function expiryField(at: number | null, now: number): [label: string, value: string] {
  if (at === null) return ['expires', 'never'];
  return [at > now ? 'expires' : 'expired', `${deadline(at, now)} (${away(at, now)})`];
}

/** The state in words, with its moment. */
async function headline(store: Store, shown: Shown, now: number): Promise<string> {
  const { key } = shown;
  const status = shownStatus(shown, now);
  if (status === 'rotating') return `rotating: ${await overlap(store, key, now)}`;
  const at = { active: null, expired: key.expiresAt, disabled: key.disabledAt, revoked: key.revokedAt }[
    status
  ];
  const { stoppedBy } = shown;
  if (at === null)
    return stoppedBy === undefined ? status : `${status} with its ${stoppedBy} ${shown[stoppedBy]}`;
  return `${status} since ${Number.isNaN(new Date(at).getTime()) ? '?' : moment(at, now)}`;
}

/** What becomes of the older version that lives longest. */
async function overlap(store: Store, key: ApiKey, now: number): Promise<string> {
  const living = livingOlder(key, await store.keys.versions(key.kid), now);
  const last =
    living.find(({ cutOff }) => cutOff === null) ??
    living.toSorted((a, b) => (b.cutOff ?? 0) - (a.cutOff ?? 0))[0];
  return last === undefined ? 'no older version verifies' : endOfOldText(key, last, last.version, now);
}

/** Only what somebody has to do something about. */
function rotationField(rotation: Rotation | undefined, now: number): string | undefined {
  if (rotation === undefined || !isOpen(rotation)) return undefined;
  const { toVersion, state, startedAt, startedBy } = rotation;
  return `version ${toVersion} is ${state}, not finished; begun ${moment(startedAt, now)} by ${startedBy}`;
}

function versionTable(key: ApiKey, versions: readonly Listed[], now: number) {
  return {
    headers: ['VERSION', 'CREATED', 'FIRST USED', 'USED', 'VALID UNTIL'],
    rows: versions
      .slice(0, MOST_SHOWN)
      .map((version) => [
        String(version.version),
        moment(version.issuedAt, now, undefined, { zone: false }),
        version.firstUsedAt === null ? 'never' : age(version.firstUsedAt, now),
        usedCell(key, version.lastUsedAt, now),
        validUntil(key, version, now),
      ]),
  };
}

function validUntil(key: ApiKey, version: Listed, now: number): string {
  if (key.revokedAt !== null) return 'revoked';
  if (version.current)
    return key.expiresAt === null ? 'no end' : moment(key.expiresAt, now, undefined, { zone: false });
  if (version.endedAt === 0 || version.cutOff === 0) return 'ended';
  if (version.endedAt !== null) return `ended ${moment(version.endedAt, now, undefined, { zone: false })}`;
  const ends = [version.cutOff, version.expiresAt].filter((end) => end !== null);
  if (ends.length === 0) return 'no end yet';
  const end = Math.min(...ends);
  return `${end <= now ? 'ended ' : ''}${moment(end, now, undefined, { zone: false })}`;
}

async function nextStep(
  context: Context,
  { key, workspace }: Shown,
  superseded: readonly KeyVersion[],
  rotation: Rotation | undefined,
): Promise<void> {
  const now = context.now();
  if (rotation !== undefined && isOpen(rotation) && key.revokedAt === null) {
    const goesOn = !isExpired(key, now);
    return context.out.hint(
      goesOn ? goOnWith(key, workspace, rotation.check) : waysOut(key, rotation, superseded, now),
    );
  }
  if (statusOf(key, now) !== 'rotating') return;
  await context.out.say(`leaked? ${commandOn('rotations finish', key.name, '-w', workspace)}`);
}
