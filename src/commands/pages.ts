import type { Context } from '../context.ts';
import type { Page } from '../domain/keys/key.ts';
import type { PageRequest } from '../domain/ports/store.ts';
import type { Input } from './input.ts';

const ON_A_TERMINAL = 50;
const AT_ONCE = 1000;

/**
 * Pages of a list until the limit is reached or the list ends: `--limit`, else 50 on a terminal, else
 * everything. `--after` says where to begin. A store's page may be short; this goes on behind it.
 */
export async function* pagesOf<T>(
  context: Context,
  input: Input,
  read: (page: PageRequest) => Promise<Page<T>>,
): AsyncGenerator<Page<T>> {
  const limit =
    input.count('limit', 1) ?? (context.out.audience === 'table' ? ON_A_TERMINAL : Number.POSITIVE_INFINITY);
  let after = input.text('after');
  for (let left = limit; ; ) {
    const page = await read({ limit: Math.min(left, AT_ONCE), after });
    yield page;
    left -= page.items.length;
    if (page.next === null || left <= 0) return;
    after = page.next;
  }
}
