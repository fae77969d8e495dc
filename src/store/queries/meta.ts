import type { StoreIdentity } from '../../domain/ports/store.ts';
import type { Random } from '../../domain/ports/system.ts';
import type { Session } from './session.ts';

const IDENTITY = 'SELECT id, created_at AS "createdAt", primary_slot AS "primarySlot" FROM meta';

/** Which store this is; undefined when nobody has said so yet. */
export function readIdentity(session: Session): Promise<StoreIdentity | undefined> {
  return session.get<StoreIdentity>(IDENTITY);
}

/** Makes a freshly migrated database into this store. `minReader` is the oldest version that may read it. */
export async function writeIdentity(
  session: Session,
  identity: StoreIdentity,
  minReader: number,
  random: Random,
) {
  await session.run(
    'INSERT INTO meta (id, created_at, primary_slot, generation, min_reader) VALUES (?, ?, ?, ?, ?)',
    [identity.id, identity.createdAt, identity.primarySlot, drawGeneration(random), minReader],
  );
}

export async function readGeneration(session: Session): Promise<number> {
  const row = await session.get<{ generation: number }>('SELECT generation FROM meta');
  return row?.generation ?? 0;
}

/**
 * Draws the generation anew. Random and not counted, so that it also differs after a restore of an
 * older copy of the store.
 */
export async function redrawGeneration(session: Session, random: Random): Promise<void> {
  await session.run('UPDATE meta SET generation = ?', [drawGeneration(random)]);
}

/** 48 random bits: exact in a JavaScript number. */
export function drawGeneration(random: Random): number {
  return random(6).reduce((value, byte) => value * 256 + byte, 0);
}
