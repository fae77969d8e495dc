import { besideNode, command, middle } from '../children.js';
import { BOTS } from '../keys.js';
import { contextOf } from '../program.js';

/** Of 12,000 keys about 10,000 are active. */
const SMALL = 12_000;

/**
 * Twice: all active keys of a small store, and a hundredth of a large one, every hundredth key, so that
 * hardly two of them share a page of the table or of an index, which is the worst case.
 */
export const revoke = {
  name: 'revoke',
  async run(bench) {
    const { stores } = bench;
    const rounds = Math.min(bench.rounds, BOTS.length - 1);
    const active = await countActive(await stores.ofSize(SMALL));
    const homes = [];
    for (let n = 0; n <= rounds; n++) homes.push(await stores.copyOfSize(SMALL));
    const large = await stores.copyOfSize(1_000_000);
    // Each round another copy and another owner; the first ones are the warm-up.
    const owners = [...BOTS];
    const { runs } = await besideNode({ ...bench, rounds }, [
      () => command(revoking(active, '--status', 'active'), homes.pop()),
      () => command(revoking(10_000, '--owner', owners.shift()), large),
    ]);
    return [
      line(`revoking ${active.toLocaleString('en')} keys by filter, one process`, runs[0]),
      line('revoking 10,000 keys by filter, one process, scattered among 1,000,000', runs[1]),
    ];
  },
};

function revoking(expected, ...filter) {
  return ['keys', 'revoke', ...filter, '--expect', String(expected), '--yes', '-q'];
}

function line(what, runs) {
  const wall = middle(runs, 'wall');
  return {
    what,
    figure: `${wall.toFixed(0)} ms`,
    ratio: `CPU ${middle(runs, 'cpu').toFixed(0)} ms`,
    target: 'at most 1,000 ms',
    met: wall <= 1000,
  };
}

async function countActive(home) {
  const context = contextOf(home);
  try {
    return await (await context.store()).keys.count({ status: 'active' }, context.now());
  } finally {
    await context.close();
  }
}
