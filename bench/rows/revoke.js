import { besideNode, command, middle } from '../children.js';
import { BOTS } from '../keys.js';

export const revoke = {
  name: 'revoke',
  async run(bench) {
    const home = await bench.stores.changing(1_000_000);
    // Each round another owner; the first is the warm-up.
    const owners = [...BOTS];
    const job = () => {
      const args = ['keys', 'revoke', '--owner', owners.shift(), '--expect', '10000', '--yes', '-q'];
      return command(args, home);
    };
    const { runs } = await besideNode({ ...bench, rounds: Math.min(bench.rounds, BOTS.length - 1) }, [job]);
    const wall = middle(runs[0], 'wall');
    return [
      {
        what: 'revoking 10,000 keys by filter, one process, 1,000,000 in the store',
        figure: `${wall.toFixed(0)} ms`,
        target: 'at most 1,000 ms',
        met: wall <= 1000,
      },
    ];
  },
};
