import type { SearchEngine, Session, Sql } from '../queries/session.ts';

/** First of 6,400 private-use characters; no tokenizer folds them and no keyboard has them. */
const PRIVATE_USE = 0xe000;
const DIGITS = 6400;
/** More trigrams than this make a look-up slower, not more exact; the row itself is checked anyway. */
const MOST_TRIGRAMS = 32;

const digit = (n: string, place: number) => `char(${PRIVATE_USE} + ${n} / ${DIGITS ** place} % ${DIGITS})`;

/**
 * A full-text index of trigrams. `detail=none` keeps only which key has which trigram: a third of
 * the size and insert time of positions; that a term's trigrams stand side by side is checked on
 * the row. A workspace is a trigram of its own, so that one look-up intersects both.
 */
export const SEARCH_SCHEMA_V1: readonly string[] = [
  `CREATE VIEW keys_search_source AS SELECT k.seq AS seq,
     ${digit('w.n', 2)} || ${digit('w.n', 1)} || ${digit('w.n', 0)} AS workspace, k.search_text AS words
     FROM keys k JOIN workspaces w ON w.id = k.workspace_id`,
  `CREATE VIRTUAL TABLE keys_search USING fts5(workspace, words, content = 'keys_search_source',
     content_rowid = 'seq', tokenize = 'trigram', detail = 'none', columnsize = 0)`,
  `CREATE TRIGGER keys_search_insert AFTER INSERT ON keys BEGIN
     INSERT INTO keys_search (rowid, workspace, words)
       SELECT seq, workspace, words FROM keys_search_source WHERE seq = new.seq;
   END`,
  `CREATE TRIGGER keys_search_update AFTER UPDATE OF search_text ON keys BEGIN
     INSERT INTO keys_search (keys_search, rowid, workspace, words)
       SELECT 'delete', seq, workspace, old.search_text FROM keys_search_source WHERE seq = old.seq;
     INSERT INTO keys_search (rowid, workspace, words)
       SELECT seq, workspace, words FROM keys_search_source WHERE seq = new.seq;
   END`,
];

/**
 * Runs work that inserts many keys, and indexes them at its end: after each statement that the trigger is part of
 * FTS5 writes out what it has gathered, which makes one key's insert five times as long (measured). All of it in
 * the caller's transaction, whose end brings the trigger back when the work fails.
 */
export async function indexedAtEnd<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const trigger = await session.get<{ sql: string }>(
    "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = 'keys_search_insert'",
  );
  if (trigger === undefined) return work();
  const newest = await session.get<{ seq: number | null }>('SELECT MAX(seq) AS seq FROM keys');
  await session.run('DROP TRIGGER keys_search_insert');
  const value = await work();
  await session.run(
    `INSERT INTO keys_search (rowid, workspace, words)
       SELECT seq, workspace, words FROM keys_search_source WHERE seq > ?`,
    [newest?.seq ?? 0],
  );
  await session.run(trigger.sql);
  return value;
}

export const sqliteSearch: SearchEngine = {
  candidates(folded, workspaceNumber, below, limit): Sql | undefined {
    const terms = trigrams(folded);
    if (terms.length === 0) return undefined;
    if (workspaceNumber !== undefined) terms.unshift(workspaceTrigram(workspaceNumber));
    const match = terms.map((term) => `"${term.replaceAll('"', '""')}"`).join(' AND ');
    return {
      text: `SELECT rowid AS seq FROM keys_search WHERE keys_search MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?`,
      params: [match, below, limit],
    };
  },
  contains: (folded) => ({ text: 'instr(search_text, ?) > 0', params: [folded] }),
};

/**
 * Every third run of three characters, and the last: all of the term, with as few lists to
 * intersect as that takes (half the time of all runs at a million keys, measured). A NUL would end
 * the look-up's text early, so runs with one are left to the row check.
 */
function trigrams(folded: string): string[] {
  const characters = [...folded];
  const last = characters.length - 3;
  const found = new Set<string>();
  for (let start = 0; start <= last && found.size < MOST_TRIGRAMS; start = nextStart(start, last)) {
    const trigram = characters.slice(start, start + 3).join('');
    if (!trigram.includes('\0')) found.add(trigram);
  }
  return [...found];
}

function nextStart(start: number, last: number): number {
  return start === last ? last + 1 : Math.min(start + 3, last);
}

function workspaceTrigram(n: number): string {
  const places = [2, 1, 0].map((place) => Math.floor(n / DIGITS ** place) % DIGITS);
  return String.fromCharCode(...places.map((place) => PRIVATE_USE + place));
}
