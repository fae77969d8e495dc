import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Vitest's global set-up: tests that start the real program must start the current one. A failed build
 * fails the run in CI; elsewhere it takes `dist/` away, so that only those tests fail, and says why.
 */
export default function setup(): void {
  const build = spawnSync(process.execPath, ['scripts/build.js', '--if-stale'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (build.status === 0) return;
  const why = build.error?.message ?? build.stderr;
  if (process.env.CI) throw new Error(why);
  rmSync(`${ROOT}dist`, { recursive: true, force: true });
  process.stderr.write(why);
}
