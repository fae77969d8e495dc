import type { Page } from '../../domain/keys/key.ts';
import type { RotationReader, RotationWriter } from '../../domain/ports/rotations.ts';
import type { PageRequest } from '../../domain/ports/store.ts';
import { OPEN_STATES, type Rotation, type RotationFilter } from '../../domain/rotations/rotation.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Session, Sql } from './session.ts';

const ROTATION = `SELECT seq, id, kid, workspace_id AS "workspaceId", from_version AS "fromVersion",
  to_version AS "toVersion", state, delivery, wants_check AS "check", grace_ms AS "graceMs",
  started_at AS "startedAt", started_by AS "startedBy", updated_at AS "updatedAt" FROM rotations`;
/** Word for word as in the index on open ones, so that it is used. */
const OPEN = `state IN (${OPEN_STATES.map((state) => `'${state}'`).join(', ')})`;
/** Keys looked at by one statement. */
const CHUNK = 500;

type Row = Omit<Rotation, 'delivery' | 'check'> & {
  readonly seq: number;
  readonly delivery: number;
  readonly check: number;
};

export function rotationReader(session: Session, storeId: () => string): RotationReader {
  const one = async (clause: string, value: string) => {
    const row = await session.get<Row>(`${ROTATION} ${clause}`, [value]);
    return row && toRotation(row);
  };
  return {
    byId: (id) => one('WHERE id = ?', id),
    latest: (kid) => one('WHERE kid = ? ORDER BY seq DESC LIMIT 1', kid),
    open: (kid) => one(`WHERE kid = ? AND ${OPEN}`, kid),
    page: (filter, page) => rotationPage(session, storeId(), filter, page),
  };
}

export function rotationWriter(session: Session): RotationWriter {
  return {
    async insert(rotation) {
      const taken = `SELECT 1 FROM rotations WHERE kid = ? AND ${OPEN}`;
      if ((await session.get(taken, [rotation.kid])) !== undefined) {
        throw new Failure('exists', 'a rotation of this key is open', {
          hint: `${PROGRAM} rotations list --open`,
        });
      }
      const { id, kid, workspaceId, fromVersion, toVersion, state, graceMs } = rotation;
      await session.run(
        `INSERT INTO rotations (id, kid, workspace_id, from_version, to_version, state, delivery, wants_check,
           grace_ms, started_at, started_by, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          ...[id, kid, workspaceId, fromVersion, toVersion, state],
          ...[rotation.delivery ? 1 : 0, rotation.check ? 1 : 0, graceMs],
          ...[rotation.startedAt, rotation.startedBy, rotation.updatedAt],
        ],
      );
    },
    async advance(id, from, to, at) {
      const sql = 'UPDATE rotations SET state = ?, updated_at = ? WHERE id = ? AND state = ?';
      return (await session.run(sql, [to, at, id, from])) > 0;
    },
    async amend(id, { check, graceMs }) {
      const sql = 'UPDATE rotations SET wants_check = ?, grace_ms = ? WHERE id = ?';
      await session.run(sql, [check ? 1 : 0, graceMs, id]);
    },
    closeOf: (kids, at) => closeOf(session, kids, at),
  };
}

/** There are few open ones, if any, so they are what is looked through when many keys are revoked. */
async function closeOf(session: Session, kids: readonly string[], at: number): Promise<number> {
  let closed = 0;
  if ((await session.get(`SELECT 1 FROM rotations WHERE ${OPEN} LIMIT 1`)) === undefined) return closed;
  for (let start = 0; start < kids.length; start += CHUNK) {
    const chunk = kids.slice(start, start + CHUNK);
    const places = chunk.map(() => '?').join(', ');
    const open = `SELECT id FROM rotations WHERE ${OPEN} AND kid IN (${places})`;
    await session.run(`DELETE FROM sealed WHERE record IN (${open})`, chunk);
    const sql = `UPDATE rotations SET state = 'rolled-back', updated_at = ? WHERE ${OPEN} AND kid IN (${places})`;
    closed += await session.run(sql, [at, ...chunk]);
  }
  return closed;
}

async function rotationPage(
  session: Session,
  storeId: string,
  filter: RotationFilter,
  { limit, after }: PageRequest,
): Promise<Page<Rotation>> {
  const conditions: Sql[] = [];
  if (after !== undefined)
    conditions.push({ text: 'seq < ?', params: [decodeCursor(after, 'rotations', storeId, 1)[0] ?? 0] });
  if (filter.workspaceId !== undefined)
    conditions.push({ text: 'workspace_id = ?', params: [filter.workspaceId] });
  if (filter.kid !== undefined) conditions.push({ text: 'kid = ?', params: [filter.kid] });
  if (filter.open === true) conditions.push({ text: OPEN, params: [] });
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(({ text }) => text).join(' AND ')}`;
  const rows = await session.all<Row>(`${ROTATION} ${where} ORDER BY seq DESC LIMIT ?`, [
    ...conditions.flatMap(({ params }) => params),
    limit + 1,
  ]);
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1)?.seq : undefined;
  const next = last === undefined ? null : encodeCursor('rotations', storeId, [last]);
  return { items: items.map(toRotation), next };
}

function toRotation({ seq: _, ...row }: Row): Rotation {
  return { ...row, delivery: row.delivery !== 0, check: row.check !== 0 };
}
