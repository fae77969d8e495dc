// Makes dist/ from src/: the program, the keychain helper, the library and its declarations.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { declarations } from './declarations.js';
import { licences } from './licences.js';
import { bundled, neededAtOnce, neededByMost, withLazyBuiltins, withLazyParts } from './one-file.js';
import { sqliteInside } from './sqlite-inside.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const DIST = join(ROOT, 'dist');

/** They hold machine code, so they stay packages of their own. */
const NATIVE = ['better-sqlite3', 'argon2', '@napi-rs/keyring'];

/** What `dist/` is made of. `needs` are the files it starts from. */
const PROGRAM = { file: 'keywright.cjs', needs: ['src/main.ts', 'src/live-context.ts'] };
/** Loaded lazily by the program, but by most commands that matter: they go into the first file, too. */
const OFTEN = [
  'src/store/sqlite/store.ts',
  'node_modules/better-sqlite3/lib/index.js',
  'src/commands/keys/list.ts',
  'src/commands/keys/verify.ts',
  'src/terminal/lines.ts',
  'src/secrets/open.ts',
];
/** Programs run it often: what it needs besides goes into one file, too, which has a code cache of its own. */
const ALSO_OFTEN = 'src/commands/apps/token.ts';
/** Its regular expressions take a millisecond to make, and only wide characters on a terminal need them. */
const LATE = 'node_modules/fast-string-width/dist/index.js';
const PINNED_NODE = join(ROOT, 'node_modules/node/bin/node');
const HELPER = { file: 'keychain-helper.cjs', needs: ['src/secrets/slots/keychain/helper.ts'] };
const LIBRARY = { file: 'index.js', needs: ['src/index.ts'] };

const COMMON = {
  absWorkingDir: ROOT,
  outdir: DIST,
  bundle: true,
  write: false,
  metafile: true,
  platform: 'node',
  target: 'node22.14',
  external: NATIVE,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
};

/** What `import.meta` says in a CommonJS file; all of them lie directly in `dist/`. */
const META = {
  define: {
    'import.meta.url': 'importMetaUrl',
    'import.meta.dirname': '__dirname',
    'import.meta.filename': '__filename',
  },
};
const META_URL = "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;\n";

/**
 * The program as CommonJS, which starts 30 ms sooner than ES modules: one file with what every command
 * needs, and one for each `await import(…)`. esbuild splits ES modules only, so it does that first; then
 * each file is made CommonJS, and what starts together is put together (`one-file.js`). Minified, since
 * V8 takes 3 ms to compile 100 KB, used or not; names stay, for stack traces.
 */
async function buildProgram() {
  const contents = PROGRAM.needs.map((path) => `export * from './${path}';`).join('\n');
  const result = await build({
    ...COMMON,
    ...META,
    stdin: { contents, resolveDir: ROOT, sourcefile: PROGRAM.file },
    entryNames: PROGRAM.file.replace('.cjs', ''),
    chunkNames: '[name]-[hash]',
    outExtension: { '.js': '.cjs' },
    format: 'esm',
    splitting: true,
    plugins: [sqliteInside],
  });
  const { outputs, inputs } = result.metafile;
  const texts = new Map();
  const nameOf = (output) => `./${relative(DIST, join(ROOT, output))}`;
  const lazy = new Set(
    Object.keys(outputs)
      .filter((output) => LATE in outputs[output].inputs)
      .map(nameOf),
  );
  for (const { path, text } of result.outputFiles) {
    const common = withLazyBuiltins(await toCommonJs(text));
    texts.set(`./${relative(DIST, path)}`, withLazyParts(common, lazy));
  }
  const entry = Object.keys(outputs).find((output) => nameOf(output) === `./${PROGRAM.file}`);
  const atOnce = new Set([...neededAtOnce(entry, outputs)].map(nameOf));
  const verbs = Object.values(outputs).map(({ entryPoint }) => entryPoint ?? '');
  const often = [
    ...neededByMost(
      verbs.filter((path) => path.startsWith('src/commands/keys/')),
      outputs,
    ),
    ...OFTEN.flatMap((path) => neededByMost([path], outputs)),
  ];
  const second = Object.keys(outputs).find((output) => outputs[output].entryPoint === ALSO_OFTEN);
  const bundles = new Map([
    [nameOf(entry), new Set([...atOnce, ...often.map(nameOf)])],
    [nameOf(second), new Set(neededByMost([ALSO_OFTEN], outputs).map(nameOf))],
  ]);
  const files = [];
  for (const [name, text] of bundled(texts, bundles))
    files.push({ file: name.slice(2), text: await minified(text) });
  return { files, inputs: Object.keys(inputs), cached: [...bundles.keys()].map((name) => name.slice(2)) };
}

async function toCommonJs(text) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: COMMON.target,
    // `import('x')` becomes a `require` at the time it is called: half the cost, and no ES module loader.
    supported: { 'dynamic-import': false },
  });
  return code.includes('importMetaUrl') ? META_URL + code : code;
}

async function minified(text) {
  const { target } = COMMON;
  const settings = { platform: 'node', target, charset: 'ascii', minifyWhitespace: true, minifySyntax: true };
  return (await transform(text, settings)).code;
}

async function buildHelper() {
  const settings = { ...META, format: 'cjs', entryPoints: HELPER.needs };
  const result = await build({ ...COMMON, ...settings });
  return {
    files: [{ file: HELPER.file, text: result.outputFiles[0].text }],
    inputs: Object.keys(result.metafile.inputs),
  };
}

/** The library as ES modules, split too: a server that verifies never reads what asks or draws. */
async function buildLibrary() {
  const settings = {
    format: 'esm',
    splitting: true,
    chunkNames: '[name]-[hash]',
    entryPoints: LIBRARY.needs,
  };
  const result = await build({ ...COMMON, ...settings });
  return {
    files: result.outputFiles.map(({ path, text }) => ({ file: relative(DIST, path), text })),
    inputs: Object.keys(result.metafile.inputs),
  };
}

/** Fails in words when what it starts from isn't there. */
async function attempt({ file, needs }, job) {
  const missing = needs.filter((path) => !existsSync(join(ROOT, path)));
  if (missing.length > 0) throw new Error(`${missing.join(' and ')} missing, so dist/${file} cannot be made`);
  return job();
}

/** Whole or not at all, so that a run that is starting never reads half a file. */
async function put(file, text) {
  const path = join(DIST, file);
  const aside = `${path}.${process.pid}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(aside, text);
  await rename(aside, path);
}

/** Files of an earlier build, whose names carry their hash. */
async function removeOthers(isKept) {
  for (const file of await readdir(DIST)) {
    if (!isKept(file)) await rm(join(DIST, file), { recursive: true, force: true });
  }
}

/** Without it the program starts a little slower; so a machine where it can't be made is no failure. */
function makeCodeCaches(files) {
  const node = Number(process.versions.napi) >= 10 ? process.execPath : PINNED_NODE;
  const settings = { stdio: 'ignore', timeout: 120_000 };
  spawnSync(node, [join(ROOT, 'scripts/code-cache.js'), DIST, ...files], settings);
}

/** Changes when anything changes that `dist/` is made from. */
async function sourcesDigest() {
  const hash = createHash('sha256');
  const files = ['package.json', 'package-lock.json', 'tsconfig.json'];
  for (const folder of ['src', 'scripts']) {
    const found = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
    for (const entry of found)
      if (entry.isFile()) files.push(relative(ROOT, join(entry.parentPath, entry.name)));
  }
  for (const file of files.sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  return hash.digest('hex');
}

/**
 * Builds `dist/`. What can be built is built; then it throws naming everything that could not.
 * With `ifStale` it does nothing when `dist/` was made from these very sources.
 */
async function buildAll({ ifStale }) {
  const digest = await sourcesDigest();
  const stamp = join(DIST, '.sources');
  if (ifStale && existsSync(stamp) && (await readFile(stamp, 'utf8')) === digest) return;
  await rm(stamp, { force: true });

  const settled = await Promise.allSettled([
    attempt(PROGRAM, buildProgram),
    attempt(HELPER, buildHelper),
    attempt(LIBRARY, buildLibrary),
    attempt(LIBRARY, () => declarations(ROOT, join(DIST, 'types'))),
  ]);
  const failures = settled.filter((job) => job.status === 'rejected').map((job) => job.reason.message);
  const built = settled.flatMap((job) => (job.status === 'fulfilled' && job.value ? [job.value] : []));
  const files = built.flatMap((part) => part.files);
  files.push({
    file: 'THIRD-PARTY-LICENSES',
    text: licences(
      ROOT,
      built.flatMap((part) => part.inputs),
    ),
  });

  await removeOthers((file) => !file.endsWith('.cache')); // before the texts that they belong to change
  for (const { file, text } of files) await put(file, text);
  const current = new Set([...files.map(({ file }) => file), 'types']);
  await removeOthers((file) => current.has(file));
  if (failures.length === 0) makeCodeCaches(built.flatMap(({ cached = [] }) => cached));
  if (failures.length > 0) throw new Error(`build failed\n${[...new Set(failures)].join('\n')}`);
  await put('.sources', digest);
}

try {
  await buildAll({ ifStale: process.argv.includes('--if-stale') });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
