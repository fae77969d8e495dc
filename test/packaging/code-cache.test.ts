import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const DIST = join(import.meta.dirname, '../../dist');

/** In a process of its own, as V8 refuses what was made under other flags, which Vitest's workers have. */
const TRY = `const { readFileSync } = require('node:fs');
const [file, cache] = process.argv.slice(1);
const source = module.constructor.wrap(readFileSync(file, 'latin1'));
const script = new (require('node:vm').Script)(source, { filename: file, cachedData: readFileSync(cache) });
console.log(script.cachedDataRejected ? 'refused' : 'taken');`;

const tried = (file: string, cache: string): string => {
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', TRY, join(DIST, file), join(DIST, cache)], {
    encoding: 'utf8',
  });
  return stdout.trim() + stderr;
};

test('the build leaves code caches that V8 takes, each beside its file', () => {
  const caches = readdirSync(DIST)
    .filter((name) => name.endsWith('.cache'))
    .sort();
  expect(caches).toEqual([
    'keywright-reads.cache',
    'keywright.cache',
    expect.stringMatching(/^token-\w+\.cache$/),
  ]);
  for (const cache of caches)
    expect([cache, tried(cache.replace(/(-reads)?\.cache$/, '.cjs'), cache)]).toEqual([cache, 'taken']);
  expect(tried('keywright.cjs', caches.at(-1) as string), 'of another file').toBe('refused');
});
