import fs from 'node:fs';
import path from 'node:path';
import type { Uid } from './files.ts';
import { type ModeFinding, modeFindings, tighten } from './modes.ts';
import type { Locations } from './paths.ts';

/** Something about our own files outside the database. */
export interface FolderFinding {
  readonly code: 'mode' | 'owner' | 'link' | 'leftover';
  readonly message: string;
  readonly path: string;
  readonly fixable: boolean;
}

const CODES = { open: 'mode', owner: 'owner', link: 'link' } as const;

/** What is wrong with settings, key file and anchors, and with the folders they are in. The store looks after its own folder. */
export function inspectFolders(where: Locations, uid: Uid): readonly FolderFinding[] {
  const mine = [where.configFile, where.keyFile, where.anchorDir].flatMap((name) => modeFindings(name, uid));
  const storeFolder = path.dirname(where.store.path);
  const folders = [...new Set([where.configDir, where.stateDir])].filter((folder) => folder !== storeFolder);
  const around = folders.flatMap((folder) =>
    modeFindings(folder, uid).filter((finding) => finding.path === folder),
  );
  return [...[...around, ...mine].map(findingOf), ...leftovers(where.keyFile)];
}

/** Takes from others what they may do with our own files; gives back what was mended. */
export function repairFolders(where: Locations, uid: Uid): readonly FolderFinding[] {
  return inspectFolders(where, uid).filter(
    (finding) =>
      finding.fixable && (finding.code === 'leftover' ? remove(finding.path) : tighten(finding.path, uid)),
  );
}

function findingOf(finding: ModeFinding): FolderFinding {
  const { problem } = finding;
  const message =
    problem === 'open'
      ? `${finding.path} is open to others (${finding.detail})`
      : `${finding.path}: ${finding.detail}`;
  return { code: CODES[problem], message, path: finding.path, fixable: problem === 'open' };
}

/** Copies of the key file that a killed `slots rekey` left: `<key file>.<22 base62>.new`, whole or in part. */
function leftovers(keyFile: string): readonly FolderFinding[] {
  const folder = path.dirname(keyFile);
  const pattern = /^\.[0-9A-Za-z]{22}\.new$/;
  let names: string[] = [];
  try {
    names = fs.readdirSync(folder);
  } catch {
    return [];
  }
  const base = path.basename(keyFile);
  return names
    .filter((name) => name.startsWith(base) && pattern.test(name.slice(base.length)))
    .map(
      (name) =>
        ({
          code: 'leftover',
          message: `${path.join(folder, name)} is left of a new root key that was interrupted`,
          path: path.join(folder, name),
          fixable: true,
        }) as const,
    );
}

function remove(file: string): boolean {
  fs.rmSync(file, { force: true });
  return true;
}
