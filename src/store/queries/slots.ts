import type { SealedPepper, SealedRecord, SlotRecord } from '../../domain/ports/secrets.ts';
import type { SlotReader, SlotWriter } from '../../domain/ports/store.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import { readGeneration } from './meta.ts';
import type { Session } from './session.ts';

const SLOTS =
  'SELECT id, name, kind, role, header, wrapped, created_at AS "createdAt" FROM slots ORDER BY created_at, id';
const PEPPERS = 'SELECT number, kind, sealed, created_at AS "createdAt" FROM peppers ORDER BY number';
const SEALED = 'SELECT record, field, version, sealed FROM sealed';

export function slotReader(session: Session): SlotReader {
  return {
    all: () => session.all<SlotRecord>(SLOTS),
    async primary() {
      const row = await session.get<{ id: string }>('SELECT primary_slot AS id FROM meta');
      return row?.id ?? '';
    },
    peppers: () => session.all<SealedPepper>(PEPPERS),
    sealed: (record, field) =>
      session.get<SealedRecord>(`${SEALED} WHERE record = ? AND field = ? ORDER BY version DESC LIMIT 1`, [
        record,
        field,
      ]),
    allSealed: () => session.all<SealedRecord>(`${SEALED} ORDER BY record, field, version`),
    generation: () => readGeneration(session),
  };
}

/** `changed` is told of what a verifier may hold in memory. */
export function slotWriter(session: Session, changed: () => void): SlotWriter {
  return {
    async insert({ id, name, kind, role, header, wrapped, createdAt }) {
      if ((await session.get('SELECT 1 FROM slots WHERE name = ?', [name])) !== undefined) {
        throw new Failure('exists', `a slot "${name}" already exists`, { hint: `${PROGRAM} slots list` });
      }
      await session.run(
        'INSERT INTO slots (id, name, kind, role, header, wrapped, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        [id, name, kind, role, header, wrapped, createdAt],
      );
      changed();
    },
    async replace({ id, header, wrapped }) {
      await session.run('UPDATE slots SET header = ?, wrapped = ? WHERE id = ?', [header, wrapped, id]);
      changed();
    },
    async remove(id) {
      await session.run('DELETE FROM slots WHERE id = ?', [id]);
      changed();
    },
    async setPrimary(id) {
      await session.run('UPDATE meta SET primary_slot = ?', [id]);
      changed();
    },
    async putPepper({ number, kind, sealed, createdAt }) {
      await session.run(
        `INSERT INTO peppers (number, kind, sealed, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (number) DO UPDATE SET kind = excluded.kind, sealed = excluded.sealed, created_at = excluded.created_at`,
        [number, kind, sealed, createdAt],
      );
      changed();
    },
    async putSealed({ record, field, version, sealed }) {
      await session.run(
        `INSERT INTO sealed (record, field, version, sealed) VALUES (?, ?, ?, ?)
         ON CONFLICT (record, field, version) DO UPDATE SET sealed = excluded.sealed`,
        [record, field, version, sealed],
      );
    },
    async removeSealed(record, field) {
      await session.run('DELETE FROM sealed WHERE record = ? AND field = ?', [record, field]);
    },
  };
}
