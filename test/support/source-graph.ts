import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Import {
  /** A path from the root of the project, `node:…`, or a package's name. */
  readonly to: string;
  /** Gone once compiled: it may close a circle, but not cross a border. */
  readonly typeOnly: boolean;
}

interface Module {
  readonly imports: readonly Import[];
  /** The source without comments and text. */
  readonly code: string;
  readonly lines: number;
}

export type Modules = ReadonlyMap<string, Module>;

const IMPORT = /^\s*(?:import|export)\s+(type\s)?(?:[^'";=]*?\sfrom\s+)?'([^']+)'/gm;
const DYNAMIC = /(typeof\s+)?\bimport\(\s*'([^']+)'/g;

function moduleOf(path: string, source: string): Module {
  const text = withoutComments(source);
  const found = [...text.matchAll(IMPORT), ...text.matchAll(DYNAMIC)].map(
    ([whole, type, specifier = '']) => ({
      to: specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : packageOf(specifier),
      typeOnly: type !== undefined || /\{\s*type [^,}]+(,\s*type [^,}]+)*,?\s*\}/.test(whole),
    }),
  );
  return {
    imports: found,
    code: withoutText(text),
    lines: source.split('\n').length - 1,
  };
}

/** Leaves strings alone, so that `'https://…'` does not begin a comment. */
function withoutComments(source: string): string {
  const token = /'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|\/\*[\s\S]*?\*\/|(?<![\\:])\/\/[^\n]*/g;
  return source.replace(token, (part) => (part.startsWith('/') ? ' ' : part));
}

/** Of a template only what it computes is code. */
function withoutText(code: string): string {
  const parts = /'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
  return code.replace(parts, (part) => {
    const computed = part.startsWith('`') ? [...part.matchAll(/\$\{([^}]*)\}/g)] : [];
    return `'${computed.length === 0 ? '' : `', ${computed.map(([, inside]) => inside).join(', ')}, '`}'`;
  });
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The files of a folder of the project, with their paths from its root. */
export function filesUnder(folder: string): readonly string[] {
  const found = readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => relative(ROOT, file).split(sep).join('/')).sort();
}

/** Reads made-up or real sources, by path. */
export function modulesOf(files: Readonly<Record<string, string>>): Modules {
  return new Map(Object.entries(files).map(([path, source]) => [path, moduleOf(path, source)]));
}

/** Every module of src/. */
export function sourceModules(): Modules {
  const paths = filesUnder('src').filter((path) => path.endsWith('.ts'));
  return modulesOf(Object.fromEntries(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')])));
}

/** Every import of every module. */
export function edges(modules: Modules): readonly (Import & { from: string })[] {
  return [...modules].flatMap(([from, { imports }]) => imports.map((one) => ({ from, ...one })));
}
