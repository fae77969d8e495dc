import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, middle } from '../children.js';
import { keywright } from '../program.js';
import { interleaved } from '../statistics.js';

const ROWS = 100_000;
const TARGET = 25_000;
const SERVICES = ['billing', 'orders', 'checkout', 'inventory', 'search', 'mailer', 'reports'];
/** Each round takes seconds and a store of its own. */
const MOST_ROUNDS = 5;

export const importing = {
  name: 'import',
  async run({ stores, stopwatch, rounds }) {
    const file = join(stores.scratch, 'import.csv');
    writeFileSync(file, csvOf(ROWS), { mode: 0o600 });
    const [runs] = await interleaved(Math.min(rounds, MOST_ROUNDS), [
      () => {
        const home = mkdtempSync(join(stores.scratch, 'import-'));
        keywright(home, ['init', '--workspace', 'acme', '--unlock', 'key-file', '--no-recovery', '-q']);
        return stopwatch.time(command(['keys', 'import', file, '-q'], home));
      },
    ]);
    const rate = (1000 * ROWS) / middle(runs, 'wall');
    return [
      {
        what: `importing ${ROWS.toLocaleString('en')} raw tokens from CSV in one transaction, one process`,
        figure: `${Math.round(rate).toLocaleString('en')} rows a second`,
        ratio: `${(rate / TARGET).toFixed(2)} × the target; CPU ${(middle(runs, 'cpu') / 1000).toFixed(1)} s, peak ${middle(runs, 'memory').toFixed(0)} MiB`,
        target: `at least ${TARGET.toLocaleString('en')}`,
        met: rate >= TARGET,
      },
    ];
  },
};

/** Raw tokens are what costs most, for each is hashed twice. */
function csvOf(count) {
  const rows = ['token,name,scopes,purpose'];
  for (let n = 0; n < count; n++) {
    const service = SERVICES[n % SERVICES.length];
    const token = createHash('sha256').update(`import ${n}`).digest('base64url');
    rows.push(
      `${token},${service}-prod-${n.toString(36)},${service}:read orders:write,from the old platform`,
    );
  }
  return `${rows.join('\n')}\n`;
}
