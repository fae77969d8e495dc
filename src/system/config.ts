import path from 'node:path';
import { Failure, PROGRAM } from '../errors.ts';
import { checkPrivateFolder, ensurePrivateFolder, readPrivateFile, type Uid } from './files.ts';
import { replacePrivateFile } from './replace-file.ts';

/** What is remembered between runs and isn't part of the store. */
export interface Config {
  /** Slug of the workspace that `workspaces use` chose. */
  readonly workspace?: string;
}

const LARGEST = 64 * 1024;

/** The settings in the file, none when there is no file. Throws `store_unreadable` naming the file when it is damaged. */
export function readConfig(file: string, uid: Uid): Config {
  const { workspace } = readObject(file, uid);
  if (workspace === undefined) return {};
  if (typeof workspace !== 'string') throw damaged(file);
  return { workspace };
}

/** Changes these settings and keeps the others, also those of a newer version of the program; undefined removes. */
export function changeConfig(file: string, change: { workspace: string | undefined }, uid: Uid): void {
  ensurePrivateFolder(path.dirname(file), uid);
  const content = { ...readObject(file, uid), ...change };
  replacePrivateFile(file, Buffer.from(`${JSON.stringify(content, null, 2)}\n`));
}

function readObject(file: string, uid: Uid): { [name: string]: unknown } {
  checkPrivateFolder(path.dirname(file), uid);
  const bytes = readPrivateFile(file, LARGEST, uid);
  if (bytes === undefined) return {};
  try {
    const content: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
      return content as { [name: string]: unknown };
    }
  } catch {
    // Said below.
  }
  throw damaged(file);
}

function damaged(file: string): Failure {
  return new Failure('store_unreadable', `the settings in ${file} are damaged`, {
    hint: `mend the file or remove it, then set the default again: ${PROGRAM} workspaces use`,
  });
}
