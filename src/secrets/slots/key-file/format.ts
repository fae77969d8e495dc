import { KEY_SIZE } from '../../keys.ts';
import { base64urlBytes } from '../header.ts';

/** One key of a key file. */
export interface FileKey {
  /** 22 base62 characters; the slot header names it. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

const COMMENT = '# keywright key file: whoever reads it opens the store; keep it away from the store\n';
const LINE = /^keywright-key\/1 ([0-9A-Za-z]{22}) ([A-Za-z0-9_-]{43})$/;

/** The text of a key file. */
export function formatKeyFile(keys: readonly FileKey[]): string {
  return (
    COMMENT +
    keys.map(({ id, key }) => `keywright-key/1 ${id} ${Buffer.from(key).toString('base64url')}\n`).join('')
  );
}

/**
 * The one or two keys of a key file (two while the store gets a new root key); undefined when the text
 * is anything else. Lines that start with `#` are comments; every line ends with a newline, so that a
 * file cut short is seen.
 */
export function parseKeyFile(text: string): readonly FileKey[] | undefined {
  if (!text.endsWith('\n')) return undefined;
  const keys: FileKey[] = [];
  for (const line of text.slice(0, -1).split('\n')) {
    if (line.startsWith('#')) continue;
    const [, id, encoded] = LINE.exec(line) ?? [];
    const key = encoded === undefined ? undefined : base64urlBytes(encoded, KEY_SIZE);
    if (id === undefined || key === undefined || keys.some((other) => other.id === id)) return undefined;
    keys.push({ id, key });
  }
  return keys.length === 1 || keys.length === 2 ? keys : undefined;
}
