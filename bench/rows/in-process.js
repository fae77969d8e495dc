import { timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as breath } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { createKey } from '../../src/domain/keys/create.ts';
import { tokenOf } from '../keys.js';
import { contextOf } from '../program.js';
import { interleaved, median, percentile } from '../statistics.js';
import { activeNumbers } from './verify.js';

const MANY = 1_000_000;
const FEW = 1000;
const AT_ONCE = 500;

/** What `openVerifier` is measured against: a prepared select, an HMAC and a comparison, and nothing else. */
async function bareVerifier(home) {
  const context = contextOf(home);
  const { hasher } = await context.verifier();
  await context.close();
  const database = new Database(join(home, 'keywright.db'), { readonly: true });
  const select = database.prepare('SELECT workspace_id, pepper, hash FROM keys WHERE kid = ?');
  return {
    verify(token) {
      const row = select.get(token.slice(-61, -49));
      return timingSafeEqual(hasher.hash(row.pepper, row.workspace_id, token), row.hash);
    },
    close: () => database.close(),
  };
}

/**
 * ms for one of `AT_ONCE` tokens, others in each round. The two sides take theirs from different ends, so
 * that neither finds in the processor's cache what the other has just read.
 */
function part(tokens, verify, from = 0) {
  return async (round) => {
    await breath(); // last uses are written between two parts, as they are between two requests
    const first = (from + round * AT_ONCE) % tokens.length;
    const some = tokens.slice(first, first + AT_ONCE);
    const started = performance.now();
    for (const token of some) if (!(await verify(token))) throw new Error('a key does not verify');
    return (performance.now() - started) / some.length;
  };
}

export const verifier = {
  name: 'verifier',
  async run(bench) {
    // Here, because it has been built only now.
    const { openVerifier } = await import('../../dist/index.js');
    const [many, few] = [await bench.stores.ofSize(MANY), await bench.stores.ofSize(FEW)];
    const tokensOf = (size, count) =>
      activeNumbers(size, count)
        .map((number) => tokenOf(number))
        .map(({ secretKey }) => secretKey);
    const live = (tokens) => tokens.filter((token) => token.startsWith('kw_sk_live_'));
    const [tokens, fewTokens] = [live(tokensOf(30_000, MANY)), live(tokensOf(80, FEW))];
    const repeated = Array.from({ length: 5000 }, (_, i) => fewTokens[i % fewTokens.length]);
    const [ours, small, bare] = [
      await openVerifier({ home: many }),
      await openVerifier({ home: few }),
      await bareVerifier(many),
    ];
    const valid = (of) => async (token) => (await of.verify(token)).valid;
    const single = [];
    const timed = async (token) => {
      const started = performance.now();
      const { valid } = await ours.verify(token);
      single.push(performance.now() - started);
      return valid;
    };
    try {
      const rounds = 10 * bench.rounds;
      await interleaved(20, [
        part(tokens, valid(ours)),
        part(tokens, bare.verify, tokens.length / 2),
        part(repeated, valid(small)),
      ]);
      const [mine, plain, little] = await interleaved(rounds, [
        part(tokens, valid(ours)),
        part(tokens, bare.verify, tokens.length / 2),
        part(repeated, valid(small)),
      ]);
      await interleaved(Math.min(rounds, 60), [part(tokens, timed)]);
      return verifierLines(median(mine), median(plain), median(little), percentile(single, 0.99));
    } finally {
      await Promise.all([ours.close(), small.close()]);
      bare.close();
    }
  },
};

const us = (ms) => `${(1000 * ms).toFixed(1)} µs`;

function verifierLines(mine, plain, little, p99) {
  const share = plain / mine;
  const what = '`openVerifier().verify` at 1,000,000 keys';
  return [
    {
      what,
      figure: us(mine),
      against: `${us(plain)} bare`,
      ratio: `${(100 * share).toFixed(0)} % of its rate`,
      target: 'at least 60 %',
      met: share >= 0.6,
    },
    { what: `${what}, p99`, figure: us(p99), target: 'at most 200 µs', met: p99 <= 0.2 },
    {
      what: `${what}, against 1,000 keys`,
      figure: us(mine),
      against: us(little),
      ratio: `${(mine / little).toFixed(2)} ×`,
      target: 'at most 1.5 ×',
      met: mine <= 1.5 * little,
    },
  ];
}

export const create = {
  name: 'create',
  async run(bench) {
    const home = await bench.stores.changing(MANY);
    const context = contextOf(home);
    const database = new Database(join(home, 'keywright.db'));
    try {
      database.exec('PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -65536');
      const make = await creator(context);
      const insert = bareInsert(database, await make(-1));
      const rounds = 10 * bench.rounds;
      const [ours, theirs] = await interleaved(rounds, [timing(make), timing(insert)]);
      const share = median(theirs) / median(ours);
      return [
        {
          what: 'creating a key, durable, audited, anchored, in process',
          figure: `${median(ours).toFixed(2)} ms`,
          against: `${median(theirs).toFixed(2)} ms bare`,
          ratio: `${(100 * share).toFixed(0)} % of its rate`,
          target: 'at least 50 %',
          met: share >= 0.5,
        },
      ];
    } finally {
      database.close();
      await context.close();
    }
  },
};

function timing(step) {
  return async (round) => {
    const started = performance.now();
    await step(round);
    return performance.now() - started;
  };
}

/** Makes keys as `keys create` does; gives back the kid. */
async function creator(context) {
  const store = await context.store();
  const [workspace] = await store.workspaces.all();
  const { hasher } = await context.operator();
  const ledger = await context.ledger('unlocked');
  let made = 0;
  return async () => {
    const wish = { workspace, scopes: ['orders:read'], mode: 'live', networks: [], expiresAt: null };
    const name = `made-by-the-bench-${Date.now()}-${made++}`;
    const { key } = await createKey(ledger, { hasher, random: context.random }, { ...wish, name });
    return key.kid;
  };
}

/** Inserts the row of key `kid` again and again, under other names. */
function bareInsert(database, kid) {
  const { seq: _, ...row } = database.prepare('SELECT * FROM keys WHERE kid = ?').get(kid);
  const columns = Object.keys(row);
  const places = columns.map((column) => `@${column}`).join(', ');
  const insert = database.prepare(`INSERT INTO keys (${columns.join(', ')}) VALUES (${places})`);
  let made = 0;
  return () => {
    const number = String(made++).padStart(6, '0');
    insert.run({
      ...row,
      kid: `bare--${number}`,
      name: `${row.name}-${number}`,
      search_text: `${row.name}-${number}`,
    });
  };
}
