/** Under which service all entries are. */
export const SERVICE = 'keywright';

/** Most bytes of a request or an answer. */
export const LARGEST_MESSAGE = 4096;

/** What the helper is asked, as one line of JSON. */
export interface Request {
  /** `write` gives back what it then reads; `probe` writes, reads and deletes. */
  readonly op: 'read' | 'write' | 'delete' | 'probe';
  readonly account: string;
  /** Base64, for `write` and `probe`. */
  readonly value?: string;
  /** The helper kills itself after this long. */
  readonly deadlineMs: number;
}

/** What the helper answers, as one line of JSON: the entry's value in base64 (null: no entry), or the binding's message. */
export type Answer = { readonly value: string | null } | { readonly error: string };

/** The answer in a line that a helper printed; undefined when it isn't one. */
export function parseAnswer(line: string): Answer | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof answer !== 'object' || answer === null) return undefined;
  if ('error' in answer && typeof answer.error === 'string') return { error: answer.error };
  if (!('value' in answer)) return undefined;
  const { value } = answer;
  return value === null || typeof value === 'string' ? { value } : undefined;
}
