import { Failure } from '../../errors.ts';
import type { Readers } from '../ports/store.ts';
import { findKey } from './find.ts';
import type { ApiKey, KeyFilter } from './key.ts';

/** Which keys a command is about: named ones, or all that fit a filter. */
export type Selection =
  | {
      readonly names: readonly string[];
      readonly workspaceId: string | undefined;
      /** Were they named by their own secret keys, which were seen to verify? */
      readonly withSecret?: boolean | undefined;
    }
  | { readonly filter: KeyFilter };

const PAGE = 1000;

/**
 * The selected keys, each once, in the order named or newest first. `revoked` ones fit a filter only
 * when it asks for them. Read inside the transaction that acts on them.
 */
export async function selectKeys(
  store: Readers,
  selection: Selection,
  now: number,
): Promise<readonly ApiKey[]> {
  if ('names' in selection) {
    const found = new Map<string, ApiKey>();
    for (const name of selection.names) {
      const key = await findKey(store, name, selection.workspaceId);
      found.set(key.kid, key);
    }
    return [...found.values()];
  }
  const keys: ApiKey[] = [];
  for await (const key of allKeys(store, selection.filter, now)) {
    if (key.revokedAt === null || selection.filter.status === 'revoked') keys.push(key);
  }
  return keys;
}

/** Every key that fits, page by page. */
export async function* allKeys(store: Readers, filter: KeyFilter, now: number): AsyncGenerator<ApiKey> {
  let after: string | undefined;
  do {
    const page = await store.keys.page(filter, { limit: PAGE, after }, now);
    yield* page.items;
    after = page.next ?? undefined;
  } while (after !== undefined);
}

/** Throws `changed` when another number of keys was expected than is there now. */
export function expectCount(found: number, expected: number | undefined): void {
  if (expected === undefined || expected === found) return;
  throw new Failure(
    'changed',
    `${found === 1 ? 'one key fits' : `${found} keys fit`}, not ${expected}; nothing was done`,
    {
      hint: 'look at them with --dry-run, then say --expect with their number',
    },
  );
}
