import fs from 'node:fs';
import path from 'node:path';
import { attempt, octal, type Uid } from './files.ts';

/** Something about a file or folder that is not as we make them. */
export interface ModeFinding {
  readonly path: string;
  /** `open`: others may read or write it; `owner`: it is someone else's; `link`: a symbolic link. */
  readonly problem: 'open' | 'owner' | 'link';
  /** One line, `mode 0644`. */
  readonly detail: string;
}

/**
 * Looks at a file or folder without opening anything: closing a live database file would drop SQLite's locks. What is
 * missing has no findings; neither has a system without modes.
 */
export function modeFindings(name: string, uid: Uid): readonly ModeFinding[] {
  if (uid === undefined) return [];
  const stat = attempt(name, () => fs.lstatSync(name, { throwIfNoEntry: false }));
  if (stat === undefined) return [];
  if (stat.isSymbolicLink()) return [{ path: name, problem: 'link', detail: 'symbolic link' }];
  const findings: ModeFinding[] = [];
  if (stat.uid !== uid)
    findings.push({ path: name, problem: 'owner', detail: `belongs to user ${stat.uid}` });
  if ((stat.mode & 0o077) !== 0)
    findings.push({ path: name, problem: 'open', detail: `mode ${octal(stat.mode)}` });
  return findings;
}

/** The same of a folder and all that is in it. */
export function modeFindingsBelow(name: string, uid: Uid): readonly ModeFinding[] {
  const findings = modeFindings(name, uid);
  const stat = attempt(name, () => fs.lstatSync(name, { throwIfNoEntry: false }));
  if (stat?.isDirectory() !== true) return findings;
  const inside = attempt(name, () => fs.readdirSync(name)).sort();
  return findings.concat(inside.flatMap((entry) => modeFindingsBelow(path.join(name, entry), uid)));
}

/**
 * Takes from others what they may do with one file or folder of ours; gives back whether anything changed.
 * Links and other people's files are left alone.
 */
export function tighten(name: string, uid: Uid): boolean {
  const stat = attempt(name, () => fs.lstatSync(name, { throwIfNoEntry: false }));
  if (stat === undefined || uid === undefined || stat.isSymbolicLink() || stat.uid !== uid) return false;
  if ((stat.mode & 0o077) === 0) return false;
  attempt(name, () => fs.chmodSync(name, stat.mode & 0o700));
  return true;
}
