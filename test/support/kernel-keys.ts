import { existsSync, readFileSync } from 'node:fs';

/**
 * The entries of this program in the kernel's keyrings (proc(5), `/proc/keys`), sorted, as the binding names them there.
 * What else stands there is other programs'.
 */
export function kernelKeys(): readonly string[] {
  if (!existsSync('/proc/keys')) return [];
  const lines = readFileSync('/proc/keys', 'utf8').trim().split('\n');
  const named = lines.map((line) => line.trim().split(/\s+/).slice(7).join(' ').replace(/: .*$/, ''));
  return named.filter((name) => /\bkeyring:.*@keywright$/.test(name)).sort();
}
