import { MIGRATIONS } from '../../../src/store/migrations/index.ts';
import type { Migration } from '../../../src/store/migrations/migration.ts';

/** Version of the schema after the real steps. */
export const LATEST = MIGRATIONS.length;

/**
 * Two made-up steps after the real ones, of which only the second is too new for a reader of this program;
 * `between` runs in the middle of each.
 */
export function added(between: (step: number) => unknown = () => undefined): Migration[] {
  return [1, 2].map((step) => ({
    version: LATEST + step,
    minReader: step === 1 ? LATEST : LATEST + 2,
    async up(session, { integer, end }) {
      await session.run(`CREATE TABLE step_${step} (n ${integer} NOT NULL)${end}`);
      await between(step);
      await session.run(`INSERT INTO step_${step} (n) VALUES (?)`, [step]);
    },
  }));
}
