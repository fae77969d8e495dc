import { readFileSync, readlinkSync } from 'node:fs';
import type { StoreDeps } from '../deps.ts';

/** What a process left in the store to be recognised by. */
export interface Marked {
  /** As people find it here; null where that isn't known. */
  readonly pid: number | null;
  /** Has it surely ended? */
  readonly gone: boolean;
}

const UNKNOWN: Marked = { pid: null, gone: false };

/**
 * By what this process can be recognised, and told from a later one of the same number: on Linux pid, start
 * time, boot and pid namespace (proc(5): /proc/pid/stat field 22, random/boot_id, ns/pid), elsewhere its pid.
 */
export function ownMark({ processes }: Pick<StoreDeps, 'processes'>): string {
  try {
    const pid = Number(readlinkSync('/proc/self'));
    const started = startOf(pid)?.at;
    if (started === undefined) throw new Error('/proc shows another pid namespace');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${pid} ${started} ${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return processes === undefined ? '' : String(processes.pid);
  }
}

/** Whose mark it is, seen from the process with the mark `own`. What can't be told counts as running. */
export function readMark(mark: string, own: string, { processes }: Pick<StoreDeps, 'processes'>): Marked {
  const [pid = '', started, boot, namespace] = mark.split(' ');
  const [, , ownBoot, ownNamespace] = own.split(' ');
  if (!/^[1-9][0-9]*$/.test(pid)) return UNKNOWN;
  const number = Number(pid);
  if (boot === undefined || ownBoot === undefined) {
    const told = boot === undefined && ownBoot === undefined && processes !== undefined;
    return told ? { pid: number, gone: !processes.isRunning(number) } : UNKNOWN;
  }
  // All who write to a store share memory (its -shm), so they run under one kernel: another boot is over.
  if (boot !== ownBoot) return { pid: null, gone: true };
  if (namespace !== ownNamespace) return UNKNOWN;
  try {
    const found = startOf(number);
    return { pid: number, gone: found === undefined || found.ended || found.at !== started };
  } catch {
    return { pid: number, gone: false };
  }
}

/** When the process with this pid began, in ticks since boot; undefined when there is none. */
function startOf(pid: number): { at: string; ended: boolean } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  // The name in parentheses may hold anything, so what counts follows the last of them: fields 3 to 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = ''] = fields;
  return { at: fields[19] ?? '', ended: state === 'Z' || state === 'X' };
}
