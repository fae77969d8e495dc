/*
 * What esbuild's code splitting makes, put together again where that starts faster. Splitting gives every
 * `await import(…)` a file of its own, which is wanted, but also every bit that two files share; each file
 * costs time to find, read and wrap. So everything that the entry needs at once goes into one file, and the
 * others get what they share with it from there.
 */

/** Built-ins that Node has loaded anyway when a program starts. */
const LOADED = new Set(['events', 'fs', 'module', 'path', 'perf_hooks', 'process', 'timers', 'url', 'util']);

/**
 * Lets a CommonJS file load Node's built-ins at their first use instead of at start. Measured on Node 24:
 * crypto costs 4.8 ms, http 3.7, child_process 2.8, tty 2.7, zlib 2.7, against 30 for an empty program;
 * most commands need few of them.
 */
export function withLazyBuiltins(text) {
  const required = /^(?:var|const|let) (\w+) = (?:__toESM\w*\()?require\("node:([\w/]+)"\)\)?;$/gm;
  let used = false;
  const replaced = text.replace(required, (_, name, builtin) => {
    used = true;
    const load = `require("node:${builtin}")`;
    return `const ${name} = ${LOADED.has(builtin) ? `builtin(${load})` : `lazyBuiltin(() => ${load})`};`;
  });
  return used ? replaced + BUILTINS : text;
}

/** In place of esbuild's own way, which copies every property of a module that is imported as a whole. */
const BUILTINS = `function builtin(module) {
  return Object.create(module, { default: { value: module } });
}
function lazyBuiltin(load) {
  let loaded;
  return new Proxy({}, { get: (_, name) => { loaded ??= load(); return name === "default" ? loaded : loaded[name]; } });
}
`;

/** The files that `entry` needs at once, itself included, by esbuild's metafile. */
export function neededAtOnce(entry, outputs) {
  const found = new Set();
  const visit = (file) => {
    if (found.has(file)) return;
    found.add(file);
    for (const { path, kind, external } of outputs[file].imports) {
      if (kind === 'import-statement' && external !== true) visit(path);
    }
  };
  visit(entry);
  return found;
}

/** The files that most of these `entries`, source files each loaded by an `await import(…)`, need at once. */
export function neededByMost(entries, outputs) {
  const starts = Object.keys(outputs).filter((file) => entries.includes(outputs[file].entryPoint));
  const counts = new Map();
  for (const start of starts) {
    for (const file of neededAtOnce(start, outputs)) counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > starts.length / 2).map(([file]) => file);
}

/**
 * The files that `texts` make, each with its name: one for each of `bundles`, which has the parts of these names, and
 * each of the others, which takes from a bundle what lies in one. What two bundles need is in the first.
 */
export function bundled(texts, bundles) {
  const files = [];
  let rest = [...texts];
  for (const [entry, names] of bundles) {
    files.push([
      entry,
      inOneFile(
        entry,
        rest.filter(([name]) => names.has(name)),
      ),
    ]);
    rest = rest
      .filter(([name]) => !names.has(name))
      .map(([name, text]) => [name, fromOneFile(text, entry, names)]);
  }
  return [...files, ...rest];
}

/**
 * One CommonJS file from several: `parts` are names such as `./chunk-A.cjs` with their text. Each is a
 * function inside, run on first `require`; `near` hands it to files that stay apart. The parentheses around
 * each tell V8 to compile it right away instead of looking it over first.
 */
function inOneFile(entry, parts) {
  const helpers = new Map();
  const functions = parts.map(
    ([name, text]) =>
      `"${name}": (function (module, exports, require) {\n${withoutHelpers(text, helpers)}\n})`,
  );
  return `"use strict";
${[...helpers.values()].join('')}
const parts = {
${functions.join(',\n')}
};
const made = {};
function near(name) {
  if (!Object.hasOwn(parts, name)) return require(name);
  if (made[name] === undefined) {
    made[name] = { exports: {} };
    parts[name](made[name], made[name].exports, near);
  }
  return made[name].exports;
}
near.resolve = require.resolve;
module.exports = near("${entry}");
module.exports.near = near;
`;
}

/** Every file that esbuild makes CommonJS begins with the same few functions: they are taken out, to stand once. */
function withoutHelpers(text, helpers) {
  const start = text.indexOf('var stdin_exports = {}');
  const statements = text.slice(0, start).split(/^(?=var )/m);
  if (start < 0 || !statements.every((statement) => /^var __\w+ =|^\s*$/.test(statement))) return text;
  for (const statement of statements) helpers.set(statement, statement);
  return text.slice(start);
}

/** Modules of others that take time to begin with and that most commands need nothing of: run at their first use. */
export function withLazyParts(text, lazy) {
  let used = false;
  const replaced = text.replace(
    /^(?:var|const|let) (\w+) = require\("(\.\/[\w.-]+)"\);$/gm,
    (whole, name, part) => {
      if (!lazy.has(part)) return whole;
      used = true;
      return `const ${name} = lazyPart(() => require("${part}"));`;
    },
  );
  return used ? replaced + LAZY_PART : text;
}

const LAZY_PART = `function lazyPart(load) {
  return new Proxy({}, { get: (_, name) => load()[name] });
}
`;

/** In a file that stays apart: what is in the one file comes from there. */
function fromOneFile(text, oneFile, names) {
  return text.replace(/require\("(\.\/[\w.-]+)"\)/g, (whole, name) =>
    names.has(name) ? `require("${oneFile}").near("${name}")` : whole,
  );
}
