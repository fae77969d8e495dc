'use strict';

const { existsSync, readFileSync } = require('node:fs');
const { dirname, resolve } = require('node:path');
const { Script } = require('node:vm');

/** What `node:module` exports, without what loading that loads besides. */
const Module = module.constructor;

/** V8's view of each file that was loaded, by its path, for who makes the caches. */
exports.scripts = new Map();

/**
 * Loads a CommonJS file of `dist/` as `require` does, and what it requires beside it, each once. Node looks for a file
 * in many ways before it reads it, which takes as long as the rest; here its path is known. V8 gets `cacheFile`, where
 * there is one, as code cache: compiling the program takes 9 ms, a third of what starting Node takes,
 * and nothing with a cache. V8 itself refuses a cache that another version of it made; then the file is compiled as
 * usual. The caches are made with the program (scripts/code-cache.js) and never written at run time.
 */
exports.load = function load(path, cacheFile = path.replace(/\.cjs$/, '.cache')) {
  const file = resolve(path);
  const known = require.cache[file];
  if (known !== undefined) return known.exports;
  const cachedData = existsSync(cacheFile) ? readFileSync(cacheFile) : undefined;
  const script = new Script(Module.wrap(readFileSync(file, 'latin1')), { filename: file, cachedData });
  exports.scripts.set(file, script);
  const folder = dirname(file);
  const made = new Module(file, module);
  made.filename = file;
  made.paths = Module._nodeModulePaths(folder);
  require.cache[file] = made;
  const others = Module.createRequire(file);
  const near = (name) => (name.startsWith('./') ? load(resolve(folder, name)) : others(name));
  near.resolve = others.resolve;
  try {
    const run = script.runInThisContext();
    run.call(made.exports, made.exports, near, made, file, folder);
    made.loaded = true;
  } catch (error) {
    delete require.cache[file];
    throw error;
  }
  return made.exports;
};
