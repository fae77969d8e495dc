import type { ApiKey } from '../../domain/keys/key.ts';
import type { ImportedKey, KeyWriter } from '../../domain/ports/store.ts';
import { commandOn } from '../../domain/shell.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import { insertRows } from './insert-rows.ts';
import { foreignWriter, versionWriter } from './key-versions.ts';
import { fold, type Session, type Value } from './session.ts';

/** Keys changed by one statement: well below the 32,766 values that one statement may bind. */
const CHUNK = 500;

/** `changed` is told of what a verifier may hold in memory. */
export function keyWriter(session: Session, changed: () => void): KeyWriter {
  const addForeign = foreignWriter(session, changed);
  const scopesNoted = new Set<string>();
  const noteScopes = async ({ workspaceId, scopes }: ApiKey) => {
    for (const scope of scopes) {
      const noted = `${workspaceId} ${scope}`;
      if (!scopesNoted.has(noted)) await session.run(USED, [workspaceId, scope]);
      scopesNoted.add(noted);
    }
  };
  return {
    ...versionWriter(session),
    addForeign: (kid, version, digest) => addForeign([{ kid, version, digest }]),
    async insert(key, verifier) {
      await insertKeys(session, [{ key, verifier }]);
      await noteScopes(key);
    },
    async insertImported(imported) {
      await insertKeys(session, imported);
      await addForeign(imported.map(({ key: { kid, version }, found }) => ({ kid, version, digest: found })));
      for (const { key } of imported) await noteScopes(key);
    },
    update: (kid, change) => updateKey(session, kid, change),
    setDisabled: (kids, at) =>
      inChunks(session, 'UPDATE keys SET disabled_at = ?', 'revoked_at IS NULL', [at], kids),
    revoke: (kids, at, reason) =>
      inChunks(
        session,
        'UPDATE keys SET revoked_at = ?, revoked_reason = ?',
        'revoked_at IS NULL',
        [at, reason],
        kids,
      ),
    async markShown(kid, version, at) {
      for (const table of ['keys', 'key_versions'])
        await session.run(`UPDATE ${table} SET shown_at = ? WHERE kid = ? AND version = ?`, [
          at,
          kid,
          version,
        ]);
    },
    reassign: async (kids, owner) =>
      void (await inChunks(session, 'UPDATE keys SET owner = ?', '1 = 1', [owner], kids)),
    bind: async (kids, integrationId) =>
      void (await inChunks(session, 'UPDATE keys SET integration_id = ?', '1 = 1', [integrationId], kids)),
  };
}

const USED = 'INSERT INTO scopes_used (workspace_id, scope) VALUES (?, ?) ON CONFLICT DO NOTHING';

/** In the order of `rowOf`. */
const COLUMNS = [
  ...['kid', 'workspace_id', 'brand', 'mode', 'owner', 'scopes', 'networks', 'version', 'pepper', 'hash'],
  ...['expires_at', 'disabled_at', 'revoked_at', 'last_used_at', 'shown_at', 'created_at', 'created_by'],
  ...['revoked_reason', 'name', 'purpose', 'search_text', 'integration_id', 'issued_at', 'older_until'],
  ...['version_first_used_at', 'version_used_at'],
];
const UNLESS_TAKEN = 'ON CONFLICT (workspace_id, name) WHERE revoked_at IS NULL DO NOTHING';

type NewKey = Pick<ImportedKey, 'key' | 'verifier'>;

async function insertKeys(session: Session, added: readonly NewKey[]): Promise<void> {
  const inserted = await insertRows(session, 'keys', COLUMNS, added.map(rowOf), UNLESS_TAKEN);
  if (inserted === added.length) return;
  const there = 'SELECT 1 FROM keys WHERE kid = ?';
  for (const { key } of added)
    if ((await session.get(there, [key.kid])) === undefined) throw takenName(key.name);
}

/** In the order of COLUMNS. */
function rowOf({ key, verifier: { pepper, hash } }: NewKey): readonly Value[] {
  return [
    key.kid,
    key.workspaceId,
    key.brand,
    key.mode,
    key.owner,
    key.scopes.join(' '),
    key.networks.join(' '),
    key.version,
    pepper,
    hash,
    key.expiresAt,
    key.disabledAt,
    key.revokedAt,
    key.lastUsedAt,
    key.shownAt,
    key.createdAt,
    key.createdBy,
    key.revokedReason,
    key.name,
    key.purpose,
    searchText(key.name, key.purpose),
    key.integrationId,
    key.issuedAt === key.createdAt ? null : key.issuedAt,
    key.olderUntil,
    key.versionFirstUsedAt,
    key.versionUsedAt,
  ];
}

async function updateKey(session: Session, kid: string, change: Partial<ApiKey>): Promise<void> {
  const before = await session.get<{ workspaceId: string; name: string; purpose: string | null }>(
    'SELECT workspace_id AS "workspaceId", name, purpose FROM keys WHERE kid = ?',
    [kid],
  );
  if (before === undefined)
    throw new Failure('not_found', `no key key_${kid}`, { hint: `${PROGRAM} keys list` });
  const sets = new Map<string, Value>();
  if (change.name !== undefined && change.name !== before.name) {
    await refuseTakenName(session, before.workspaceId, change.name);
    sets.set('name', change.name);
  }
  if (change.purpose !== undefined) sets.set('purpose', change.purpose);
  // Left alone where nothing of it changes, so that the search index isn't touched.
  const words = searchText(
    change.name ?? before.name,
    change.purpose === undefined ? before.purpose : change.purpose,
  );
  if (words !== searchText(before.name, before.purpose)) sets.set('search_text', words);
  if (change.owner !== undefined) sets.set('owner', change.owner);
  if (change.networks !== undefined) sets.set('networks', change.networks.join(' '));
  if (change.expiresAt !== undefined) sets.set('expires_at', change.expiresAt);
  if (change.integrationId !== undefined) sets.set('integration_id', change.integrationId);
  if (sets.size === 0) return;
  const list = [...sets.keys()].map((column) => `${column} = ?`).join(', ');
  await session.run(`UPDATE keys SET ${list} WHERE kid = ?`, [...sets.values(), kid]);
}

/** What a search looks through. No name has a line break, so no term matches across the two. */
function searchText(name: string, purpose: string | null): string {
  return fold(purpose === null ? name : `${name}\n${purpose}`);
}

async function refuseTakenName(session: Session, workspaceId: string, name: string): Promise<void> {
  const taken = 'SELECT 1 FROM keys WHERE workspace_id = ? AND name = ? AND revoked_at IS NULL';
  if ((await session.get(taken, [workspaceId, name])) !== undefined) throw takenName(name);
}

function takenName(name: string): Failure {
  return new Failure('exists', `the workspace already has a key "${name}"`, {
    hint: commandOn('keys show', name),
  });
}

/** One statement per 500 keys; the last is filled up by repetition, so that one prepared statement serves all. */
async function inChunks(
  session: Session,
  set: string,
  condition: string,
  values: readonly Value[],
  kids: readonly string[],
): Promise<number> {
  let changed = 0;
  for (let start = 0; start < kids.length; start += CHUNK) {
    const size = kids.length === 1 ? 1 : CHUNK;
    const chunk = kids.slice(start, start + size);
    const filled = chunk.concat(Array<string>(size - chunk.length).fill(chunk[0] ?? ''));
    const places = Array<string>(size).fill('?').join(', ');
    changed += await session.run(`${set} WHERE kid IN (${places}) AND ${condition}`, [...values, ...filled]);
  }
  return changed;
}
