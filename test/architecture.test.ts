import { basename, dirname } from 'node:path';
import { expect, test } from 'vitest';
import { edges, filesUnder, type Modules, modulesOf, sourceModules } from './support/source-graph.ts';

const SRC = sourceModules();

/** What breaks a rule, each as one line of text. */
type Rule = (modules: Modules) => readonly string[];

const isLibrary = (to: string): boolean =>
  !to.startsWith('src/') && !to.startsWith('node:') && to !== 'package.json';
const isWithin = (path: string, places: readonly string[]): boolean =>
  places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place));

/** Modules of one part import only from these places, and of Node and the libraries what `allowed` says. */
function onlyImports(
  part: string,
  places: readonly string[],
  others: (to: string) => boolean = () => true,
): Rule {
  return (modules) =>
    edges(modules)
      .filter(({ from }) => isWithin(from, [part]))
      .filter(({ to }) => (to.startsWith('src/') ? !isWithin(to, [part, ...places]) : !others(to)))
      .map(({ from, to }) => `${from} imports ${to}`);
}

/** What lies in a folder below `parent` is imported only by the one file that chooses among them. */
function enteredOnlyBy(door: string, exempt: readonly string[]): Rule {
  const parent = `${dirname(door)}/`;
  return (modules) =>
    edges(modules)
      .filter(({ to }) => to.startsWith(parent) && to.slice(parent.length).includes('/'))
      .map((edge) => ({ ...edge, folder: `${parent}${edge.to.slice(parent.length).split('/')[0]}/` }))
      .filter(({ from, folder }) => !exempt.includes(folder) && from !== door && !from.startsWith(folder))
      .map(({ from, to }) => `${from} imports ${to}`);
}

/** Each library has one home, so that it can be replaced there; a library without one is a new dependency to think about. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  commander: ['src/main.ts', 'src/commands/'],
  '@inquirer/prompts': ['src/terminal/'],
  chalk: ['src/terminal/'],
  'cli-table3': ['src/terminal/'],
  'fast-string-width': ['src/terminal/'],
  'better-sqlite3': ['src/store/sqlite/'],
  '@napi-rs/keyring': ['src/secrets/slots/keychain/'],
  argon2: ['src/secrets/slots/passphrase/'],
  'env-paths': ['src/system/'],
  'openid-client': ['src/oauth/'],
  'age-encryption': ['src/backup/'],
};

const oneHomePerLibrary: Rule = (modules) =>
  edges(modules)
    .filter(({ to }) => isLibrary(to))
    .filter(({ from, to }) => !isWithin(from, Object.hasOwn(HOMES, to) ? (HOMES[to] ?? []) : []))
    .map(({ from, to }) => `${from} imports ${to}`);

const PROCESS_USERS = ['src/live-context.ts', 'src/secrets/slots/keychain/helper.ts'];

/** The names as values: not `.process`, not `process:`, not `processes`. */
const noProcessOrConsole: Rule = (modules) =>
  [...modules]
    .filter(([path]) => !PROCESS_USERS.includes(path))
    .filter(([, { code, imports }]) => {
      const named = /(?<![.\w$-])(process|console)(?![\w$]|\s*\??:)|globalThis\.(process|console)/.test(code);
      return named || imports.some(({ to }) => to === 'node:process' || to === 'node:console');
    })
    .map(([path]) => `${path} uses process or console`);

const noCycles: Rule = (modules) => {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (trail.includes(path) || done.has(path)) return;
    const next = modules.get(path)?.imports.filter(({ typeOnly }) => !typeOnly) ?? [];
    for (const { to } of next) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of modules.keys()) visit(path, []);
  return found;
};

const VAGUE = ['utils', 'util', 'helpers', 'common', 'shared', 'types', 'misc', 'lib'];
const noVagueFolder: Rule = (modules) =>
  [...modules.keys()].filter((path) => path.split('/').some((part) => VAGUE.includes(part)));

const noLongFile: Rule = (modules) =>
  [...modules]
    .filter(([, { lines }]) => lines > 300)
    .map(([path, { lines }]) => `${path} has ${lines} lines`);

/** A file that only passes on what others export hides where things are; the library's entry may. */
const noBarrel: Rule = (modules) =>
  [...modules]
    .filter(([path]) => path !== 'src/index.ts')
    .filter(
      ([, { code }]) =>
        /\bfrom\b/.test(code) && code.replace(/^\s*export [^;]* from '';/gm, '').trim() === '',
    )
    .map(([path]) => path);

/** Every specifier says the file it means, so that the graph is the one that runs. */
const everyImportExists: Rule = (modules) =>
  edges(modules)
    .filter(({ to }) => to.startsWith('src/') && !modules.has(to))
    .map(({ from, to }) => `${from} imports ${to}`);

const DOMAIN = 'src/domain/';
const ERRORS = 'src/errors.ts';
const PORTS_ONLY = [DOMAIN, ERRORS];
const BESIDE_MAIN = ['src/commands/', 'src/terminal/', 'src/context.ts', 'src/native-modules.ts'];
const pureModules = (to: string): boolean => to === 'node:crypto' || to === 'node:zlib';

/** Name, rule, and a program that breaks it and nothing but it. */
const RULES: readonly (readonly [string, Rule, Readonly<Record<string, string>>])[] = [
  [
    'domain imports domain and errors, and of Node only what is pure',
    onlyImports(DOMAIN, [ERRORS], pureModules),
    { 'src/domain/a.ts': "import { readFile } from 'node:fs/promises';" },
  ],
  [
    'domain reaches no backend, not even as it runs',
    onlyImports(DOMAIN, [ERRORS], pureModules),
    { 'src/domain/a.ts': "const b = await import('../store/b.ts');", 'src/store/b.ts': 'export {};' },
  ],
  [
    'commands import domain, terminal, context and errors',
    onlyImports('src/commands/', [...PORTS_ONLY, 'src/terminal/', 'src/context.ts']),
    { 'src/commands/keys/a.ts': "import type { B } from '../../secrets/b.ts';", 'src/secrets/b.ts': '' },
  ],
  [
    'store imports domain and errors',
    onlyImports('src/store/', PORTS_ONLY),
    { 'src/store/a.ts': "import { b } from '../system/b.ts';", 'src/system/b.ts': '' },
  ],
  [
    'secrets imports domain and errors',
    onlyImports('src/secrets/', PORTS_ONLY),
    { 'src/secrets/a.ts': "import {\n  b,\n} from '../store/b.ts';", 'src/store/b.ts': '' },
  ],
  [
    'backup imports domain and errors',
    onlyImports('src/backup/', PORTS_ONLY),
    { 'src/backup/a.ts': "import { b } from '../secrets/b.ts';", 'src/secrets/b.ts': '' },
  ],
  [
    'oauth imports domain and errors',
    onlyImports('src/oauth/', PORTS_ONLY),
    { 'src/oauth/a.ts': "export { b } from '../system/b.ts';", 'src/system/b.ts': '' },
  ],
  [
    'system imports domain and errors',
    onlyImports('src/system/', PORTS_ONLY),
    { 'src/system/a.ts': "import '../terminal/b.ts';", 'src/terminal/b.ts': '' },
  ],
  [
    'terminal imports domain and errors',
    onlyImports('src/terminal/', PORTS_ONLY),
    { 'src/terminal/a.ts': "import { b } from '../commands/b.ts';", 'src/commands/b.ts': '' },
  ],
  [
    'context imports domain and terminal',
    onlyImports('src/context.ts', [DOMAIN, 'src/terminal/']),
    { 'src/context.ts': "import type { B } from './store/b.ts';", 'src/store/b.ts': '' },
  ],
  [
    'main imports commands, domain, terminal, context and errors',
    onlyImports('src/main.ts', [...PORTS_ONLY, ...BESIDE_MAIN]),
    { 'src/main.ts': "import { b } from './live-context.ts';", 'src/live-context.ts': '' },
  ],
  ['errors imports nothing', onlyImports(ERRORS, [], () => false), { 'src/errors.ts': "import 'node:os';" }],
  [
    'an engine of the store is imported by store/open.ts alone',
    enteredOnlyBy('src/store/open.ts', ['src/store/queries/', 'src/store/migrations/']),
    { 'src/live-context.ts': "import { a } from './store/sqlite/a.ts';", 'src/store/sqlite/a.ts': '' },
  ],
  [
    'process and console are used by live-context and the keychain helper alone',
    noProcessOrConsole,
    { 'src/system/a.ts': 'export const home = process.env.HOME;' },
  ],
  ['each library has one home', oneHomePerLibrary, { 'src/store/a.ts': "import chalk from 'chalk';" }],
  ['each library is known', oneHomePerLibrary, { 'src/terminal/a.ts': "import x from 'left-pad/index.js';" }],
  [
    'no import goes in a circle',
    noCycles,
    {
      'src/domain/a.ts': "import { b } from './b.ts';",
      'src/domain/b.ts': "export * from './c.ts';",
      'src/domain/c.ts': "const { a } = await import('./a.ts');",
    },
  ],
  ['no folder has a name for anything', noVagueFolder, { 'src/system/utils/a.ts': '' }],
  ['no file is longer than 300 lines', noLongFile, { 'src/system/a.ts': '\n'.repeat(301) }],
  [
    'no file only passes on what others export',
    noBarrel,
    { 'src/store/a.ts': "export { b } from './b.ts';\nexport * from './c.ts';" },
  ],
  ['every import names a file', everyImportExists, { 'src/store/a.ts': "import { b } from './b.js';" }],
];

test('the scan sees the program', () => {
  const all = edges(SRC).map(({ from, to }) => `${basename(from)} ${to}`);
  expect(all).toContain('main.ts src/commands/program.ts');
  expect(all).toContain('open.ts src/store/sqlite/store.ts');
  expect(all).toContain('driver.ts better-sqlite3');
  expect(noProcessOrConsole(new Map([...SRC].map(([path, module]) => [`moved/${path}`, module])))).toEqual(
    expect.arrayContaining(PROCESS_USERS.map((path) => `moved/${path} uses process or console`)),
  );
});

test.each(RULES)('%s', (_, rule, broken) => {
  expect(rule(modulesOf(broken)), 'the rule sees a program that breaks it').not.toEqual([]);
  expect(rule(SRC)).toEqual([]);
});

test.each([
  ["/* process.exit() */ const a = 'process'; // console.log"],
  [['const a = `the process $', '{pid} on the console`;'].join('')],
  ['interface A { process: number; readonly console?: string }'],
  ['const a = b.process; const processes = 1;'],
])('not every mention is a use: %s', (source) => {
  expect(noProcessOrConsole(modulesOf({ 'src/a.ts': source }))).toEqual([]);
});

test('a type may close a circle', () => {
  const files = { 'src/a.ts': "import { b } from './b.ts';", 'src/b.ts': "import type { A } from './a.ts';" };
  expect(noCycles(modulesOf(files))).toEqual([]);
});

test('tests stand where what they test stands', () => {
  const tested = filesUnder('test/domain').filter((path) => path.endsWith('.test.ts'));
  const missing = tested.filter(
    (path) => !SRC.has(path.replace(/^test\//, 'src/').replace(/(\.[a-z]+)?\.test\.ts$/, '.ts')),
  );
  expect(tested.length).toBeGreaterThan(20);
  expect(missing).toEqual([]);
});
