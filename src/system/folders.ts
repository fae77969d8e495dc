import fs from 'node:fs';
import path from 'node:path';
import { Failure, PROGRAM } from '../errors.ts';
import { readConfig } from './config.ts';
import { attempt, statusOf, type Uid } from './files.ts';
import { type ModeFinding, modeFindings, modeFindingsBelow, tighten } from './modes.ts';
import type { Locations } from './paths.ts';

/** Something about our own files outside the database. */
export interface FolderFinding {
  readonly code: 'mode' | 'owner' | 'link' | 'leftover' | 'settings_damaged' | 'key_file_alone';
  readonly message: string;
  readonly hint?: string | undefined;
  readonly path: string;
  readonly fixable: boolean;
}

const OWN_HOME = 'set KEYWRIGHT_HOME to a folder of your own';
/** A copy of a key file that is younger than this may be on its way into its place, ms. */
const ON_ITS_WAY = 60_000;

const CODES = { open: 'mode', owner: 'owner', link: 'link' } as const;

/**
 * What is wrong with settings, key file and anchors, and with the folders they are in. A store looks after its own
 * folder; where there is none yet, that folder is looked at here. `now`: ms.
 */
export function inspectFolders(
  where: Locations,
  uid: Uid,
  { hasStore, now }: { hasStore: boolean; now: number },
): readonly FolderFinding[] {
  const files = [where.configFile, where.keyFile].flatMap((name) => modeFindings(name, uid));
  const mine = [...files, ...modeFindingsBelow(where.anchorDir, uid)];
  const storeFolder = path.dirname(where.store.path);
  const folders = [...new Set([where.configDir, where.stateDir])].filter((folder) => folder !== storeFolder);
  const around = folders.flatMap((folder) => modeFindings(folder, uid));
  const future = hasStore ? [] : [...futureFolder(where, uid), ...keyFileAlone(where.keyFile)];
  return [
    ...future,
    ...[...around, ...mine].map(findingOf),
    ...settings(where.configFile, uid),
    ...leftovers(where.keyFile, now),
  ];
}

/** What is wrong with its mode or owner is named as that. */
function settings(file: string, uid: Uid): readonly FolderFinding[] {
  try {
    readConfig(file, uid);
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'store_permissions') return [];
    const { message, hint } = error;
    return [{ code: 'settings_damaged', message, hint, path: file, fixable: false }];
  }
}

/** Takes from others what they may do with our own files; gives back what was mended. What is read-only stays as it is. */
export function repairFolders(
  where: Locations,
  uid: Uid,
  options: { hasStore: boolean; now: number },
): readonly FolderFinding[] {
  return inspectFolders(where, uid, options).filter((finding) => finding.fixable && mend(finding, uid));
}

function mend({ code, path: name }: FolderFinding, uid: Uid): boolean {
  try {
    return code === 'leftover' ? remove(name) : tighten(name, uid);
  } catch (error) {
    if (error instanceof Failure && error.code === 'store_readonly') return false;
    throw error;
  }
}

/** The folder in which `init` would make a store. One that holds other things as well may be meant for others, too. */
function futureFolder(where: Locations, uid: Uid): readonly FolderFinding[] {
  const named = path.dirname(where.store.path);
  const folder = attempt(named, () => (fs.existsSync(named) ? fs.realpathSync(named) : undefined));
  if (folder === undefined) return [];
  const [finding] = modeFindings(folder, uid);
  if (finding === undefined) return [];
  const found = findingOf(finding);
  if (!found.fixable || onlyOurs(folder, where)) return [found];
  const message = `${found.message}, and holds other things`;
  return [{ ...found, message, hint: OWN_HOME, fixable: false }];
}

/** An `init` that was killed leaves it, and so does a store that was moved away, which still needs it. */
function keyFileAlone(file: string): readonly FolderFinding[] {
  if (statusOf(file) === undefined) return [];
  const message = `${file} is there without a store: of an init that was interrupted, or of a store that is gone`;
  const hint = `if no store needs it, rm ${file}; else ${PROGRAM} init --key-file OTHER`;
  return [{ code: 'key_file_alone', message, hint, path: file, fixable: false }];
}

function onlyOurs(folder: string, { store, keyFile, configFile, anchorDir }: Locations): boolean {
  const ours = [store.path, keyFile, configFile, anchorDir].map((name) => path.basename(name));
  return fs.readdirSync(folder).every((name) => ours.some((own) => name.startsWith(own)));
}

function findingOf(finding: ModeFinding): FolderFinding {
  const { problem } = finding;
  const message =
    problem === 'open'
      ? `${finding.path} is open to others (${finding.detail})`
      : `${finding.path}: ${finding.detail}`;
  const hint = problem === 'owner' ? { hint: `${OWN_HOME}, or run as its owner` } : {};
  return { code: CODES[problem], message, ...hint, path: finding.path, fixable: problem === 'open' };
}

/** Copies of the key file that a killed `slots rekey` left: `<key file>.<22 base62>.new`, whole or in part. */
function leftovers(keyFile: string, now: number): readonly FolderFinding[] {
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
    .filter((name) => Math.abs(now - modifiedAt(path.join(folder, name))) >= ON_ITS_WAY)
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

/** ms; not a number for one that is gone by now, which is no leftover either. */
function modifiedAt(file: string): number {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.NaN;
}

function remove(file: string): boolean {
  fs.rmSync(file, { force: true });
  return true;
}
