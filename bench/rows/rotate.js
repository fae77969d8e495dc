import { join } from 'node:path';
import Database from 'better-sqlite3';
import { issueVersion } from '../../src/domain/rotations/issue.ts';
import { contextOf } from '../program.js';
import { interleaved, median } from '../statistics.js';

const MANY = 1_000_000;
const TARGET = 0.4;
const REQUEST = { graceMs: 86_400_000, delivery: false, check: false };

export const rotate = {
  name: 'rotate',
  async run(bench) {
    const home = await bench.stores.changing(MANY);
    const context = contextOf(home);
    const database = new Database(join(home, 'keywright.db'));
    try {
      database.exec('PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -65536');
      const rounds = 10 * bench.rounds;
      // Of its own for each round and side, and those of one pass in no order, as keys are rotated.
      const kids = activeKids(database, 2 * (rounds + 2));
      const issue = await issuer(context);
      const { keys } = await context.store();
      // Read before the clock runs: the bare side knows its key, too.
      const next = () => keys.byKid(kids.pop());
      const rows = rowsOf(database, (await issue(await next())).rotation);
      const sides = [issue, bareRotation(database, rows)].map((rotateOne) => timed(rotateOne, next));
      return [lineOf(await interleaved(rounds, sides))];
    } finally {
      database.close();
      await context.close();
    }
  },
};

function lineOf([ours, theirs]) {
  const share = median(theirs.map((bare, i) => bare / ours[i]));
  return {
    what: 'rotating a key, durable, journalled, audited, anchored, in process',
    figure: `${median(ours).toFixed(2)} ms`,
    against: `${median(theirs).toFixed(2)} ms bare`,
    ratio: `${(100 * share).toFixed(0)} % of its rate`,
    target: `at least ${100 * TARGET} %`,
    met: share >= TARGET,
  };
}

function timed(rotateOne, next) {
  return async () => {
    const key = await next();
    const started = performance.now();
    await rotateOne(key);
    return performance.now() - started;
  };
}

/** Keys that can be rotated, spread over the whole store. */
function activeKids(database, count) {
  const select = database
    .prepare('SELECT kid FROM keys WHERE seq >= ? AND revoked_at IS NULL AND expires_at IS NULL LIMIT 1')
    .pluck();
  // A stride of a prime number comes by every place, each time far from the last one.
  const kids = Array.from({ length: count }, (_, n) => select.get(1 + ((n * 611_953) % (MANY - 1000))));
  return [...new Set(kids)];
}

/** Rotates as `keys rotate` does. */
async function issuer(context) {
  const access = await context.operator();
  const ledger = await context.ledger('unlocked');
  const means = { access, random: context.random };
  return (key) => issueVersion(ledger, means, key, REQUEST);
}

/** What this rotation wrote: its journal and its audit entry. */
function rowsOf(database, { id }) {
  const { seq: _, ...journal } = database.prepare('SELECT * FROM rotations WHERE id = ?').get(id);
  const entry = database.prepare('SELECT * FROM audit ORDER BY seq DESC LIMIT 1').get();
  return { journal, entry };
}

/**
 * Writes the same rows of another key in one durable transaction, and nothing else. Its audit entries lie below
 * the log's first, for at its end nothing but a chained entry may be.
 */
function bareRotation(database, { journal, entry }) {
  const keep =
    database.prepare(`INSERT INTO key_versions (kid, version, pepper, hash, issued_at, expires_at, cut_off)
    SELECT kid, version, pepper, hash, created_at, expires_at, ? FROM keys WHERE kid = ?`);
  const update = database.prepare(`UPDATE keys SET version = version + 1, pepper = ?, hash = ?, issued_at = ?,
    expires_at = NULL, shown_at = NULL, version_first_used_at = NULL, version_used_at = NULL, older_until = ?
    WHERE kid = ?`);
  const insert = (table, row) => {
    const columns = Object.keys(row);
    const places = columns.map((column) => `@${column}`).join(', ');
    return database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`);
  };
  const addJournal = insert('rotations', journal);
  const addEntry = insert('audit', entry);
  let made = 0;
  const write = database.transaction((kid, now, hash) => {
    keep.run(now + REQUEST.graceMs, kid);
    update.run(1, hash, now, now + REQUEST.graceMs, kid);
    addJournal.run({ ...journal, id: `rot_bare--${String(made++).padStart(6, '0')}`, kid });
    addEntry.run({ ...entry, seq: made - 1e9, target: `key_${kid}` });
  });
  return ({ kid }) => write.immediate(kid, Date.now(), entry.hash);
}
