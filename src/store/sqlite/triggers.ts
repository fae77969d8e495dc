import { Failure, PROGRAM } from '../../errors.ts';
import type { Connection } from './driver.ts';
import { failureOf } from './errors.ts';
import { SHUT_FOR } from './log-gate.ts';
import { SEARCH_SCHEMA_V1 } from './search.ts';

/** The triggers that this program makes, as SQLite keeps their text. */
const OWN_TRIGGERS = SEARCH_SCHEMA_V1.filter((statement) => statement.startsWith('CREATE TRIGGER'));
/** The gate of `log-gate.ts`, which is there while a store is replaced, and stays when that is killed. */
const GATE =
  /^CREATE TRIGGER restoring BEFORE INSERT ON audit WHEN unixepoch\(\) < (\d+)\s+BEGIN SELECT RAISE\(ABORT, 'restoring'\); END$/;

interface Trigger {
  readonly name: string;
  readonly sql: string;
}

const TRIGGERS = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";

/**
 * Triggers run with every write: one that is not ours could undo a revocation in the very transaction that
 * reports it. Throws `store_damaged`. Takes 20 µs.
 */
export function refuseTriggers(connection: Connection, path: string): void {
  const strange = strangeTriggers(connection, path)[0];
  if (strange === undefined) return;
  const what = `a trigger that this program did not make: ${strange.name}`;
  throw new Failure('store_damaged', `the store has ${what}: ${path}`, { hint: `${PROGRAM} doctor --fix` });
}

/** Drops the triggers that aren't ours and makes those of ours that are missing, in one transaction. */
export function ownTriggersOnly(connection: Connection, path: string): void {
  connection.exec('BEGIN IMMEDIATE');
  for (const { name } of strangeTriggers(connection, path))
    connection.exec(`DROP TRIGGER "${name.replaceAll('"', '""')}"`);
  const there = connection.prepare<[], Trigger>(TRIGGERS).all();
  for (const own of OWN_TRIGGERS) if (!there.some(({ sql }) => sql === own)) connection.exec(own);
  connection.exec('COMMIT');
}

function strangeTriggers(connection: Connection, path: string): readonly Trigger[] {
  try {
    return connection
      .prepare<[], Trigger>(TRIGGERS)
      .all()
      .filter(({ sql }) => !OWN_TRIGGERS.includes(sql) && !isGate(connection, sql));
  } catch (error) {
    throw failureOf(error, path);
  }
}

/**
 * Is this the trigger that keeps the log from growing while a store is replaced? One that would stay shut for longer than
 * any does is not of a restore that is going on, or was killed.
 */
export function isGate(connection: Connection, sql: string | null): boolean {
  const end = GATE.exec(sql ?? '')?.[1];
  if (end === undefined) return false;
  const now = Number(connection.prepare('SELECT unixepoch()').pluck().get());
  return Number(end) <= now + SHUT_FOR;
}
