// The program that is measured, as a child process and as modules.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownHost } from '../src/live-context.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const PROGRAM = join(ROOT, 'bin', 'keywright.js');

/** The environment of every child: nothing in it may slow down or steer one side only. */
export function environment(home) {
  const { PATH, HOME, TMPDIR, LANG } = process.env;
  return { PATH, HOME, TMPDIR, LANG, TERM: 'xterm-256color', ...(home && { KEYWRIGHT_HOME: home }) };
}

/** Runs the program for its effect; throws with what it said when it fails. */
export function keywright(home, args, { input = '', env = {} } = {}) {
  const child = spawnSync(process.execPath, [PROGRAM, ...args], {
    env: { ...environment(home), ...env },
    input,
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  if (child.status !== 0) throw new Error(`keywright ${args.join(' ')}: ${child.stderr}`);
  return child.stdout;
}

/** What a command has, on the store in `home`; for rows that run in this process. */
export function contextOf(home) {
  return ownHost(home).open({ quiet: true, input: false });
}
