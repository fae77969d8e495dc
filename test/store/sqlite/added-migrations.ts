import type { Migration } from '../../../src/store/migrations/migration.ts';

/** Two made-up steps after the real ones; `between` runs in the middle of each. */
export function added(between: (version: number) => unknown = () => undefined): Migration[] {
  return [2, 3].map((version) => ({
    version,
    minReader: version === 2 ? 1 : 3,
    async up(session, { integer, end }) {
      await session.run(`CREATE TABLE step_${version} (n ${integer} NOT NULL)${end}`);
      await between(version);
      await session.run(`INSERT INTO step_${version} (n) VALUES (?)`, [version]);
    },
  }));
}
