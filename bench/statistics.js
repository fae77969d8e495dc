/** The value that a share `p` (0 to 1) of the sorted `values` doesn't exceed; numbers only. */
export function percentile(values, p) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Runs the steps in turn, A B A B …, so that whatever else the machine does hits all of them; the first round is thrown away. */
export async function interleaved(rounds, steps) {
  const results = steps.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, step] of steps.entries()) {
      const result = await step(Math.max(0, round));
      if (round >= 0) results[i].push(result);
    }
  }
  return results;
}
