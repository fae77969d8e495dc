import { expect, test } from 'vitest';
import { pageWithEnding } from '../../../src/commands/keys/ending.ts';
import type { PageRequest } from '../../../src/domain/ports/store.ts';
import { Failure } from '../../../src/errors.ts';
import { someKey, someRotation } from '../../contracts/samples.ts';

const show = (key: ReturnType<typeof someKey>) => ({
  key,
  workspace: 'acme',
  integration: null,
  stoppedBy: undefined,
});

/** Deliveries of a, b and c, the last two at one moment; d, b and e expire of themselves. */
function lists() {
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) =>
    someKey('ws_1', { name, kid: `${name}00000000000` }),
  ) as [ReturnType<typeof someKey>, ...ReturnType<typeof someKey>[]];
  const ending = [a, b, c].map((key, i) => {
    if (key === undefined) throw new Error('no key');
    return { key, rotation: someRotation(key), old: {} as never, until: i === 0 ? 9 : 10 };
  });
  const own = [d, b, e].flatMap((key) => (key === undefined ? [] : [key]));
  const read = async ({ limit, after }: PageRequest) => {
    const start = after === undefined ? 0 : Number(after);
    if (Number.isNaN(start)) throw new Failure('usage', 'no such place');
    const next = start + limit < own.length ? String(start + limit) : null;
    return { items: own.slice(start, start + limit).map(show), next };
  };
  return { ending, read };
}

test.each([1, 2, 3, 4, 50])('in pages of %i every key comes once, deliveries first', async (limit) => {
  const { ending, read } = lists();
  const names: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await pageWithEnding(ending, show, { limit, after }, read);
    expect(page.items.length).toBeLessThanOrEqual(limit);
    names.push(...page.items.map(({ key }) => key.name));
    if (page.next === null) break;
    after = page.next;
  }
  expect(names).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('goes on behind a delivery that was finished meanwhile', async () => {
  const { ending, read } = lists();
  const { next } = await pageWithEnding(ending, show, { limit: 2, after: undefined }, read);
  const [a, , c] = ending;
  const left = [a, c].flatMap((one) => (one === undefined ? [] : [one]));
  const page = await pageWithEnding(left, show, { limit: 50, after: next ?? '' }, read);
  expect(page.items.map(({ key }) => key.name)).toEqual(['c', 'd', 'b', 'e']);
});

test('a place that is none is refused by the list itself', async () => {
  const { ending, read } = lists();
  await expect(pageWithEnding(ending, show, { limit: 2, after: 'x' }, read)).rejects.toMatchObject({
    code: 'usage',
  });
});
