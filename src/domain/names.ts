import { looksLikeId } from './ids.ts';
import { findSecretKey, parsePublicKey } from './keys/token.ts';

const LONGEST_NAME = 100;
const LONGEST_TEXT = 1000;
/** Control characters, line and paragraph separators, halves of a surrogate pair. */
const FORBIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * The one rule for names of keys, members, slots and for display names: NFC, 1–100 characters,
 * no control characters, no space at either end, not shaped like an id or a key.
 */
export function parseName(text: string): { name: string } | { reason: string } {
  const name = text.normalize('NFC');
  const length = [...name.slice(0, 2 * LONGEST_NAME + 1)].length;
  if (name.trim() === '') return { reason: 'is empty' };
  if (length > LONGEST_NAME) return { reason: `is longer than ${LONGEST_NAME} characters` };
  if (FORBIDDEN.test(name)) return { reason: 'holds a control character' };
  if (name.trim() !== name) return { reason: 'begins or ends with a space' };
  if (looksLikeId(name) || parsePublicKey(name) !== undefined || findSecretKey(name) !== undefined) {
    return { reason: 'is shaped like an id or a key' };
  }
  return { name };
}

/** A line of free text such as a purpose or a reason: NFC, 1–1000 characters, no control characters. */
export function parseText(text: string): { text: string } | { reason: string } {
  const normal = text.normalize('NFC').trim();
  if (normal === '') return { reason: 'is empty' };
  if (normal.length > LONGEST_TEXT) return { reason: `is longer than ${LONGEST_TEXT} characters` };
  if (FORBIDDEN.test(normal)) return { reason: 'holds a control character' };
  return { text: normal };
}

/** Is this a slug: `[a-z0-9][a-z0-9-]{0,62}`? */
export function isSlug(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(text);
}

/** The slug that a display name suggests (`Acme Corp` → `acme-corp`), undefined when nothing is left of it. */
export function suggestSlug(text: string): string | undefined {
  const slug = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return isSlug(slug) ? slug : undefined;
}
