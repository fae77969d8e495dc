/** What a query binds and gets back. */
export type Value = string | number | null | Uint8Array;

/** One connection's statements, as the queries see an engine. `?` stands for a bound value. */
export interface Session {
  get<Row>(sql: string, params?: readonly Value[]): Promise<Row | undefined>;
  all<Row>(sql: string, params?: readonly Value[]): Promise<readonly Row[]>;
  /** Gives back how many rows changed. */
  run(sql: string, params?: readonly Value[]): Promise<number>;
}

/** A piece of SQL with what it binds. */
export interface Sql {
  readonly text: string;
  readonly params: readonly Value[];
}

/** Substring search over `keys.search_text`, which every engine does in its own way. */
export interface SearchEngine {
  /**
   * Selects `seq` of keys that may contain `folded`, newest first, below `below`, at most `limit`;
   * undefined when the index can't help (terms under three characters).
   */
  candidates(
    folded: string,
    workspaceNumber: number | undefined,
    below: number,
    limit: number,
  ): Sql | undefined;
  /** The exact condition on a row of `keys`. */
  contains(folded: string): Sql;
}

/** Case folding of what is searched and of the term searched for: the same on every engine. */
export function fold(text: string): string {
  return text.toLowerCase();
}
