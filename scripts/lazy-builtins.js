import { createRequire } from 'node:module';

/** Built-ins that Node has loaded anyway when a program starts. */
const LOADED = new Set(['events', 'fs', 'module', 'path', 'perf_hooks', 'process', 'timers', 'url', 'util']);

const require = createRequire(import.meta.url);

/**
 * An esbuild plugin that lets a CommonJS bundle load Node's built-ins at their first use instead of
 * at start. Measured on Node 24: crypto costs 4.8 ms, http 3.7, child_process 2.8, tty 2.7, zlib 2.7,
 * against 30 for an empty program; most commands need few of them and `--version` none.
 */
export const lazyBuiltins = {
  name: 'lazy-builtins',
  setup(plugin) {
    plugin.onResolve({ filter: /^node:/, namespace: 'file' }, ({ path }) =>
      LOADED.has(path.slice('node:'.length)) ? undefined : { path, namespace: 'lazy-builtin' },
    );
    plugin.onLoad({ filter: /.*/, namespace: 'lazy-builtin' }, ({ path }) => ({ contents: facade(path) }));
    plugin.onResolve({ filter: /^node:/, namespace: 'lazy-builtin' }, ({ path }) => ({
      path,
      external: true,
    }));
  },
};

/** A module with the same names, each a getter. */
function facade(path) {
  return `let loaded;
for (const name of ${JSON.stringify(Object.keys(require(path)))}) {
  Object.defineProperty(exports, name, { enumerable: true, get: () => (loaded ??= require('${path}'))[name] });
}`;
}
