import { existsSync, readFileSync } from 'node:fs';

/**
 * Type and name of each entry in the kernel's keyrings (proc(5), `/proc/keys`), sorted. What else stands there, such as
 * the time that is left and how often an entry is used, changes by itself.
 */
export function kernelKeys(): readonly string[] {
  if (!existsSync('/proc/keys')) return [];
  const lines = readFileSync('/proc/keys', 'utf8').trim().split('\n');
  return lines.map((line) => line.trim().split(/\s+/).slice(7).join(' ').replace(/: .*$/, '')).sort();
}
