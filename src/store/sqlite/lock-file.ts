import { makePrivateFile } from './files.ts';
import { checkFile, statOf } from './paths.ts';

/** Makes the empty file whose lock is meant, unless it is there. Throws `store_permissions` for what isn't ours alone. */
export function claimLockFile(file: string, uid: number | undefined): void {
  if (statOf(file) === undefined) {
    try {
      makePrivateFile(file);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
  const stats = statOf(file);
  if (stats !== undefined) checkFile(file, stats, uid);
}
