import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { ownFolder } from './run-program.ts';

const ROOT = join(import.meta.dirname, '../..');
const DIST = JSON.stringify(join(ROOT, 'dist'));
const NATIVE = /^(better-sqlite3|argon2|@napi-rs\/keyring)$/;
const SOURCE = `import { liveContext } from './src/live-context.ts';
import { main } from './src/main.ts';
main(process.argv.slice(2), liveContext(process)).then((code) => { process.exitCode = code; });`;

/** A deliberate mistake: in `file`, below the project's folder, `was` is replaced by `becomes`. */
export interface Mistake {
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly was: string;
  readonly becomes: string;
}

/** Entries of the log in a transaction of their own, behind that of the change. */
export const LOG_AFTERWARDS: readonly Mistake[] = [
  ['let last: AuditEntry | undefined;', 'let last: AuditEntry | undefined; const late: AuditEntry[][] = [];'],
  ['await tx.write.audit(part);', 'late.push([...part]);'],
  [
    'if (last !== undefined) raiseAnchor(ledger, last);',
    `for (const part of late) await ledger.store.write((tx) => tx.write.audit(part));
     if (last !== undefined) raiseAnchor(ledger, last);`,
  ],
].map(([was = '', becomes = '']) => ({ file: 'src/domain/audit/change.ts', was, becomes }));

/**
 * Builds the program with these mistakes in it and gives back the path of a script to run in its place
 * (`Shell.program`). A test proves something only if it fails on the program that it was written against.
 */
export async function brokenProgram(...mistakes: readonly Mistake[]): Promise<string> {
  const { path } = ownFolder();
  const made: Mistake[] = [];
  const common = {
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.14',
    logLevel: 'warning',
    define: { 'import.meta.dirname': DIST, 'import.meta.url': JSON.stringify(import.meta.url) },
    plugins: [native, withMistakes(mistakes, made)],
  } satisfies BuildOptions;
  const program = join(path, 'program.cjs');
  await build({ ...common, stdin: { contents: SOURCE, resolveDir: ROOT }, outfile: program });
  for (const mistake of mistakes)
    if (!made.includes(mistake)) throw new Error(`${mistake.file} is no part of the program`);
  return program;
}

/** They hold machine code, so they stay where they are. */
const native: Plugin = {
  name: 'native',
  setup(plugin) {
    const { resolve } = createRequire(import.meta.url);
    plugin.onResolve({ filter: NATIVE }, ({ path }) => ({ path: resolve(path), external: true }));
  },
};

function withMistakes(mistakes: readonly Mistake[], made: Mistake[]): Plugin {
  return {
    name: 'mistakes',
    setup(plugin) {
      plugin.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
        let contents = readFileSync(path, 'utf8');
        for (const mistake of mistakes.filter(({ file }) => path === join(ROOT, file))) {
          if (contents.split(mistake.was).length !== 2)
            throw new Error(`${mistake.file} doesn't have exactly one: ${mistake.was}`);
          contents = contents.replace(mistake.was, () => mistake.becomes);
          made.push(mistake);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}
