import { readFile } from 'node:fs/promises';

/**
 * An esbuild plugin that takes better-sqlite3's twelve JavaScript files into the program, which saves 5 ms
 * of finding and reading them. Its machine code stays in its package, and is looked for there.
 */
export const sqliteInside = {
  name: 'sqlite-inside',
  setup(plugin) {
    plugin.onResolve({ filter: /^better-sqlite3$/ }, async ({ resolveDir, pluginData }) => {
      if (pluginData === 'inside') return undefined;
      const settings = { resolveDir, kind: 'require-call', pluginData: 'inside' };
      return {
        path: (
          await plugin.resolve('./node_modules/better-sqlite3/lib/index.js', {
            ...settings,
            resolveDir: plugin.initialOptions.absWorkingDir,
          })
        ).path,
      };
    });
    plugin.onLoad({ filter: /better-sqlite3[\\/]lib[\\/]binding\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: text.replaceAll('__dirname', PACKAGE_LIB) };
    });
  },
};

/** In a clone and in an installed package it lies beside `dist/`; to find it as Node does costs a millisecond. */
const PACKAGE_LIB = `((beside) => fs.existsSync(beside) ? beside : path.join(require.resolve('better-sqlite3/package.json'), '../lib'))(path.join(__dirname, '../node_modules/better-sqlite3/lib'))`;
