import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A relative import of a source file, in any of the forms that declarations have. */
const RELATIVE_IMPORT = /((?:from|import)\s*\(?\s*)(['"])(\.{1,2}\/[^'"]+)\.ts\2/g;

/**
 * Writes the declarations of `src/index.ts` and of what they name to `target`, with imports that a
 * consumer's compiler resolves. `tsc` leaves `.ts` in declarations even with
 * rewriteRelativeImportExtensions, which is about JavaScript alone.
 */
export async function declarations(root, target) {
  await mkdir(dirname(target), { recursive: true });
  const scratch = await mkdtemp(`${target}-`);
  try {
    const all = join(scratch, 'all');
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const project = join(root, 'scripts', 'declarations.json');
    await run(process.execPath, [tsc, '-p', project, '--outDir', all], { cwd: root }).catch((error) => {
      throw new Error(`declarations: ${error.stdout || error.message}`);
    });
    const kept = join(scratch, 'kept');
    await keepReachable(all, kept, join(all, 'index.d.ts'), new Set());
    await rm(target, { recursive: true, force: true });
    await rename(kept, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function keepReachable(from, to, file, seen) {
  if (seen.has(file)) return;
  seen.add(file);
  const text = await readFile(file, 'utf8');
  const out = join(to, relative(from, file));
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, text.replace(RELATIVE_IMPORT, '$1$2$3.js$2'));
  for (const [, , , path] of text.matchAll(RELATIVE_IMPORT)) {
    const next = resolve(dirname(file), `${path}.d.ts`);
    if (!existsSync(next))
      throw new Error(`declarations: ${relative(from, file)} imports ${path}.ts, which has none`);
    await keepReachable(from, to, next, seen);
  }
}
