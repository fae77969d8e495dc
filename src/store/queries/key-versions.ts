import type { ForeignDigest, KeyVersion, StoredVersion } from '../../domain/keys/key.ts';
import { NO_CUT_OFF } from '../../domain/keys/key.ts';
import type { KeyReader, KeyWriter, NewVersion } from '../../domain/ports/store.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import { insertRows } from './insert-rows.ts';
import type { Session } from './session.ts';

const FACTS = `kid, version, issued_at AS "issuedAt", expires_at AS "expiresAt", cut_off AS "cutOff",
  ended_at AS "endedAt", first_used_at AS "firstUsedAt", last_used_at AS "lastUsedAt", late_use_at AS "lateUseAt",
  shown_at AS "shownAt"`;
const VERSIONS = 'FROM key_versions WHERE kid = ? ORDER BY version DESC';

/** Keeps the current version as a superseded one. Values: ended_at, cut_off, kid, version. */
const SUPERSEDE = `INSERT INTO key_versions (kid, version, pepper, hash, issued_at, expires_at, cut_off, ended_at,
    first_used_at, last_used_at, late_use_at, shown_at)
  SELECT kid, version, pepper, hash, COALESCE(issued_at, created_at), expires_at, ?, ?, version_first_used_at,
    version_used_at, NULL, shown_at
  FROM keys WHERE kid = ? AND version = ? AND revoked_at IS NULL`;

/** `older_until` says in the key's row what its superseded versions say. */
const OLDER_UNTIL = `older_until = (SELECT COALESCE(MAX(COALESCE(cut_off, ${NO_CUT_OFF})), 0)
  FROM key_versions WHERE key_versions.kid = keys.kid AND ended_at IS NULL)`;
const REFRESH = `UPDATE keys SET ${OLDER_UNTIL} WHERE kid = ?`;

/** Once the superseded versions are what they shall be. */
const MAKE_CURRENT = `UPDATE keys SET version = ?, pepper = ?, hash = ?, issued_at = ?, expires_at = ?, shown_at = ?,
  version_first_used_at = ?, version_used_at = ?, ${OLDER_UNTIL} WHERE kid = ?`;

type Reader = Pick<KeyReader, 'versions' | 'versionsForVerification' | 'byForeign' | 'foreignKinds'>;
type Writer = Pick<KeyWriter, 'addVersion' | 'cutOff' | 'endVersions' | 'restoreVersion' | 'noteLateUse'>;

export function versionReader(session: Session): Reader {
  return {
    versions: (kid) => session.all<KeyVersion>(`SELECT ${FACTS} ${VERSIONS}`, [kid]),
    versionsForVerification: (kid) =>
      session.all<StoredVersion>(`SELECT ${FACTS}, pepper, hash ${VERSIONS}`, [kid]),
    byForeign: ({ kind, key, digest }) =>
      session.get('SELECT kid, version FROM foreign_tokens WHERE kind = ? AND number = ? AND digest = ?', [
        kind,
        key,
        digest,
      ]),
    foreignKinds: () => session.all('SELECT kind, number AS key FROM foreign_kinds ORDER BY kind, number'),
  };
}

export function versionWriter(session: Session): Writer {
  return {
    addVersion: (kid, from, next, cutOff) => addVersion(session, kid, from, next, cutOff),
    async cutOff(kid, version, at) {
      const earlier = '(cut_off IS NULL OR cut_off > ?)';
      const sql = `UPDATE key_versions SET cut_off = ? WHERE kid = ? AND version = ? AND ${earlier}`;
      await session.run(sql, [at, kid, version, at]);
      await session.run(REFRESH, [kid]);
    },
    async endVersions(kid, at) {
      const sql = 'UPDATE key_versions SET ended_at = ? WHERE kid = ? AND ended_at IS NULL';
      const ended = await session.run(sql, [at, kid]);
      await session.run(REFRESH, [kid]);
      return ended;
    },
    restoreVersion: (kid, from, to, end) => restoreVersion(session, kid, from, to, end),
    async noteLateUse(kid, version, at) {
      const sql =
        'UPDATE key_versions SET late_use_at = ? WHERE kid = ? AND version = ? AND late_use_at IS NULL';
      return (await session.run(sql, [at, kid, version])) > 0;
    },
  };
}

async function addVersion(
  session: Session,
  kid: string,
  from: number,
  { version, verifier, issuedAt, expiresAt }: NewVersion,
  cutOff: number | null,
): Promise<boolean> {
  const passed =
    'UPDATE key_versions SET ended_at = cut_off WHERE kid = ? AND ended_at IS NULL AND cut_off <= ?';
  const known = 'SELECT 1 FROM key_versions WHERE kid = ? AND version = ?';
  if ((await session.get(known, [kid, version])) !== undefined)
    throw new Error(`version ${version} of ${kid} was there before`);
  if ((await session.run(SUPERSEDE, [cutOff, null, kid, from])) === 0) return false;
  await session.run(passed, [kid, issuedAt]);
  const current = [version, verifier.pepper, verifier.hash, issuedAt, expiresAt, null, null, null];
  await session.run(MAKE_CURRENT, [...current, kid]);
  return true;
}

async function restoreVersion(
  session: Session,
  kid: string,
  from: number,
  to: number,
  { at, expiresAt }: Parameters<KeyWriter['restoreVersion']>[3],
): Promise<boolean> {
  const sql = `SELECT ${FACTS}, pepper, hash FROM key_versions WHERE kid = ? AND version = ?`;
  const back = await session.get<StoredVersion>(sql, [kid, to]);
  if (back === undefined || (await session.run(SUPERSEDE, [at, at, kid, from])) === 0) return false;
  const current = [to, back.pepper, back.hash, back.issuedAt, expiresAt, back.shownAt];
  await session.run('DELETE FROM key_versions WHERE kid = ? AND version = ?', [kid, to]);
  await session.run(MAKE_CURRENT, [...current, back.firstUsedAt, back.lastUsedAt, kid]);
  return true;
}

/** How the tokens of a key are found, for many keys at once. */
type Found = { readonly kid: string; readonly version: number; readonly digest: ForeignDigest };

/** `changed` is told of what a verifier may hold in memory: which kinds there are. */
export function foreignWriter(
  session: Session,
  changed: () => void,
): (found: readonly Found[]) => Promise<void> {
  const kinds = new Set<string>();
  const columns = ['kind', 'number', 'digest', 'kid', 'version'];
  return async (found) => {
    const rows = found.map(({ kid, version, digest: { kind, key, digest } }) => [
      kind,
      key,
      digest,
      kid,
      version,
    ]);
    if (
      (await insertRows(session, 'foreign_tokens', columns, rows, 'ON CONFLICT DO NOTHING')) < found.length
    ) {
      throw new Failure('exists', 'a key with this token is there already', { hint: `${PROGRAM} keys list` });
    }
    for (const {
      digest: { kind, key },
    } of found) {
      if (kinds.has(`${kind} ${key}`)) continue;
      kinds.add(`${kind} ${key}`);
      const sql = 'INSERT INTO foreign_kinds (kind, number) VALUES (?, ?) ON CONFLICT DO NOTHING';
      if ((await session.run(sql, [kind, key])) > 0) changed();
    }
  };
}
