import { besideNode, command, middle, timeLine } from '../children.js';
import { BOTS, keyOf, SLUGS } from '../keys.js';

/** Starting: what everybody waits for with every command. */
export const version = {
  name: 'version',
  async run(bench) {
    const { node, runs } = await besideNode(bench, [command(['--version'])]);
    return [timeLine('`keywright --version`', runs[0], node, { times: 1.25 })];
  },
};

export const list = {
  name: 'list',
  async run(bench) {
    const home = await bench.stores.ofSize(10_000);
    const { node, runs } = await besideNode(bench, [
      command(['keys', 'list', '--limit', '50'], home),
      command(['keys', 'list'], home, { terminal: true }),
    ]);
    return [
      timeLine('`keys list`, 50 of 10,000, piped', runs[0], node, { times: 1.6 }),
      timeLine('`keys list`, 50 of 10,000, on a terminal', runs[1], node, { times: 2.5 }),
    ];
  },
};

export const completion = {
  name: 'completion',
  async run(bench) {
    const home = await bench.stores.ofSize(1_000_000);
    const ids = new Map(SLUGS.map((slug) => [slug, slug]));
    const { key } = keyOf(500_000 + BOTS.length, 1_000_000, ids, 0);
    const complete = (prefix) =>
      command(['completion', 'bash', '--words', `keywright\nkeys\nshow\n${prefix}`], home);
    const prefixes = { 'one that a few have': key.name, 'one letter': key.name.slice(0, 1), none: '' };
    const { runs } = await besideNode(bench, Object.values(prefixes).map(complete));
    return Object.keys(prefixes).map((prefix, i) => ({
      what: `completion of a key name among 1,000,000, prefix: ${prefix}`,
      figure: `${middle(runs[i], 'wall').toFixed(1)} ms`,
      target: 'at most 150 ms',
      met: middle(runs[i], 'wall') <= 150,
    }));
  },
};
