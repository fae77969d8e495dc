// What the rows that start the program have in common.

import { PROGRAM } from './program.js';
import { interleaved, median } from './statistics.js';
import { BARE_NODE } from './stopwatch.js';

/** The program with these arguments, on the store in `home`. */
export function command(args, home, more = {}) {
  return { command: [process.execPath, PROGRAM, ...args], home, ...more };
}

/**
 * Runs the jobs and `node -e 0` in turn. For each job its runs, and the runs of `node -e 0` under `node`.
 * A job may be a function of the round.
 */
export async function besideNode({ stopwatch, rounds }, jobs) {
  const all = [BARE_NODE, ...jobs];
  const steps = all.map((job) => (round) => stopwatch.time(typeof job === 'function' ? job(round) : job));
  const [node, ...runs] = await interleaved(rounds, steps);
  return { node, runs };
}

/** A line of the report: wall time of `runs` against `times` that of `node -e 0` and `plus` ms. */
export function timeLine(what, runs, node, { times, plus = 0 }) {
  const [ours, theirs] = [middle(runs, 'wall'), middle(node, 'wall')];
  const processor = middle(runs, 'cpu') / middle(node, 'cpu');
  return {
    what,
    figure: `${ours.toFixed(1)} ms`,
    against: `${theirs.toFixed(1)} ms`,
    ratio: `${(ours / theirs).toFixed(2)} × (CPU ${processor.toFixed(2)} ×)`,
    target: `at most ${times} ×${plus > 0 ? ` + ${plus} ms` : ''}`,
    met: ours <= times * theirs + plus,
  };
}

/** The same for peak memory, `plus` in MiB. */
export function memoryLine(what, runs, node, { times, plus = 0 }) {
  const [ours, theirs] = [middle(runs, 'memory'), middle(node, 'memory')];
  return {
    what,
    figure: `${ours.toFixed(1)} MiB`,
    against: `${theirs.toFixed(1)} MiB`,
    ratio: `${(ours / theirs).toFixed(2)} ×`,
    target: `at most ${times} ×${plus > 0 ? ` + ${plus} MiB` : ''}`,
    met: ours <= times * theirs + plus,
  };
}

/** Median of one figure of the runs. */
export function middle(runs, figure) {
  return median(runs.map((run) => run[figure]));
}
