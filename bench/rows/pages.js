import { COMMON_WORD, RARE_WORD } from '../keys.js';
import { contextOf } from '../program.js';
import { median, percentile } from '../statistics.js';

const MANY = 1_000_000;
const DAY = 86_400_000;
const LIMIT = 50;

/** The filters that `keys list` documents, alone and in the combinations that people use. */
function filters(workspaceId, smallId, now) {
  return {
    none: {},
    workspace: { workspaceId },
    'small workspace': { workspaceId: smallId },
    owner: { owner: 'ana' },
    'owner without keys': { owner: 'nobody' },
    active: { status: 'active' },
    expired: { status: 'expired' },
    disabled: { status: 'disabled' },
    revoked: { status: 'revoked' },
    'expiring within 14 d': { expiringBefore: now + 14 * DAY },
    'unused for 90 d': { unusedSince: now - 90 * DAY },
    'unused for 3 years': { unusedSince: now - 1095 * DAY },
    'workspace, revoked': { workspaceId, status: 'revoked' },
    'small workspace, revoked': { workspaceId: smallId, status: 'revoked' },
    'workspace, owner': { workspaceId, owner: 'tomoko@example.com' },
    'workspace, expired, owner': { workspaceId, status: 'expired', owner: 'ana' },
    'workspace, expiring within 14 d': { workspaceId: smallId, expiringBefore: now + 14 * DAY },
    'owner, unused for 90 d': { owner: 'ana', unusedSince: now - 90 * DAY },
  };
}

function searches(workspaceId, smallId) {
  const terms = {
    rare: RARE_WORD,
    common: COMMON_WORD,
    'three letters': 'pro',
    absent: 'xylophone',
    'common trigrams, absent word': 'ingprodus',
    'one whole name': 'checkout-prod-eu-west-8',
  };
  const all = Object.entries(terms).map(([name, term]) => [`${name} in all`, { term }]);
  const one = Object.entries(terms).map(([name, term]) => [`${name} in one`, { term, workspaceId }]);
  const small = Object.entries(terms).map(([name, term]) => [
    `${name} in a small one`,
    { term, workspaceId: smallId },
  ]);
  const more = [['common, revoked', { term: COMMON_WORD, status: 'revoked' }]];
  return Object.fromEntries([...all, ...one, ...small, ...more]);
}

/** ms of each of `count` pages, from the first one on and again from there when the list ends. */
async function timePages(store, filter, count, now) {
  const times = [];
  let after;
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    const page = await store.keys.page(filter, { limit: LIMIT, after }, now);
    times.push(performance.now() - started);
    after = page.next ?? undefined;
  }
  return times;
}

async function measure(bench, kinds, most, what) {
  const context = contextOf(await bench.stores.ofSize(MANY));
  try {
    const store = await context.store();
    const workspaces = await store.workspaces.all();
    const id = (slug) => workspaces.find((workspace) => workspace.slug === slug).id;
    const now = context.now();
    const lines = [];
    for (const [name, filter] of Object.entries(kinds(id('acme'), id('tyrell'), now))) {
      await timePages(store, filter, 3, now);
      const times = await timePages(store, filter, 10 * bench.rounds, now);
      const p99 = percentile(times, 0.99);
      lines.push({
        what: `${what}: ${name}`,
        figure: `p99 ${p99.toFixed(2)} ms`,
        ratio: `median ${median(times).toFixed(2)} ms`,
        target: `at most ${most} ms`,
        met: p99 <= most,
      });
    }
    return lines;
  } finally {
    await context.close();
  }
}

export const page = {
  name: 'page',
  run: (bench) => measure(bench, filters, 5, 'page of 50 at 1,000,000 keys'),
};

export const search = {
  name: 'search',
  run: (bench) => measure(bench, searches, 30, 'search at 1,000,000 keys'),
};
