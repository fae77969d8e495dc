import type { Session } from '../queries/session.ts';

/** Where engines spell a schema differently. */
export interface SchemaWords {
  /** Column type of a number that the engine counts up, from 1. */
  readonly serial: string;
  /** Column type of a 64-bit integer. */
  readonly integer: string;
  readonly bytes: string;
  /** After the closing parenthesis of a table. */
  readonly end: string;
  /** Statements that make the engine's search index over `keys`, as of version 1. */
  readonly searchV1: readonly string[];
}

/** One step of the schema. It runs in a transaction of its own, after the steps before it. */
export interface Migration {
  /** What the schema's version is afterwards; steps count from 1 without gaps. */
  readonly version: number;
  /** The oldest version of this program's schema that still reads it correctly. */
  readonly minReader: number;
  up(session: Session, words: SchemaWords): Promise<void>;
}
