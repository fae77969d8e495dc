/** What proves a key; a row has exactly one of them. */
export const SECRET_FIELDS = ['token', 'sha256', 'sha512', 'hmac_sha256'] as const;
/** All that a row may say of a key. */
export const FIELDS = [
  ...SECRET_FIELDS,
  ...(['name', 'scopes', 'expires', 'owner', 'purpose', 'mode', 'networks'] as const),
] as const;

export type SecretField = (typeof SECRET_FIELDS)[number];
export type Field = (typeof FIELDS)[number];
export type ImportFormat = 'lines' | 'csv' | 'jsonl';

/** A row as it was read: what it says, unchecked. Lists are arrays, or one text with spaces or commas between. */
export interface Row {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly values: { readonly [field in Field]?: string | readonly string[] };
}

/** Why a row can't be imported. Never holds what the row says, which may be a secret. */
export interface BadRow {
  readonly line: number;
  /** Left out when the row as a whole can't be read. */
  readonly field?: Field;
  readonly reason: string;
}

/** Is the name one of the fields? */
export function isField(name: string): name is Field {
  return (FIELDS as readonly string[]).includes(name);
}
