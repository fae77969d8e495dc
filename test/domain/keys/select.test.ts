import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../../src/domain/keys/key.ts';
import { allKeys, expectCount, selectKeys } from '../../../src/domain/keys/select.ts';
import { Failure } from '../../../src/errors.ts';
import { addKeys, someKey } from '../../contracts/samples.ts';
import { failureOf, openDesk } from '../../support/fake-ledger.ts';

const names = (keys: readonly ApiKey[]): readonly string[] => keys.map(({ name }) => name);

async function deskWith(count: number, change: (i: number) => Partial<ApiKey> = () => ({})) {
  const desk = openDesk();
  const keys = Array.from({ length: count }, (_, i) =>
    someKey(desk.workspace.id, { name: `k${i}`, ...change(i) }),
  );
  await addKeys(desk.store, keys);
  return { ...desk, keys };
}

describe('keys that are named', () => {
  test('come once each, in the order named', async () => {
    const { store, keys } = await deskWith(3);
    const said = ['k2', 'k0', `key_${keys[2]?.kid}`, 'k2'];
    expect(names(await selectKeys(store, { names: said, workspaceId: undefined }, 0))).toEqual(['k2', 'k0']);
  });

  test('may be revoked', async () => {
    const { store } = await deskWith(1, () => ({ revokedAt: 1 }));
    expect(await selectKeys(store, { names: ['k0'], workspaceId: undefined }, 0)).toHaveLength(1);
  });

  test('have all to be there', async () => {
    const { store } = await deskWith(1);
    expect(
      await failureOf(() => selectKeys(store, { names: ['k0', 'nobody'], workspaceId: undefined }, 0)),
    ).toMatchObject({ code: 'not_found' });
  });

  test('may be none', async () => {
    const { store } = await deskWith(1);
    expect(await selectKeys(store, { names: [], workspaceId: undefined }, 0)).toEqual([]);
  });
});

describe('keys that fit a filter', () => {
  test('come newest first, without the revoked', async () => {
    const { store } = await deskWith(4, (i) => (i === 1 ? { revokedAt: 1 } : {}));
    expect(names(await selectKeys(store, { filter: {} }, 0))).toEqual(['k3', 'k2', 'k0']);
  });

  test('are the revoked where those are asked for', async () => {
    const { store } = await deskWith(4, (i) => (i === 1 ? { revokedAt: 1 } : {}));
    expect(names(await selectKeys(store, { filter: { status: 'revoked' } }, 0))).toEqual(['k1']);
  });

  test('are all of them, over more than one page', async () => {
    const { store } = await deskWith(2345);
    const seen = new Set<string>();
    for await (const key of allKeys(store, {}, 0)) seen.add(key.name);
    expect(seen.size).toBe(2345);
  });

  test('go on behind a page that is empty', async () => {
    const { store, keys } = await deskWith(2);
    const pages = [
      { items: keys.slice(0, 1), next: 'a' },
      { items: [], next: 'b' },
      { items: keys.slice(1), next: null },
    ];
    const asked: (string | undefined)[] = [];
    const page = async (_: unknown, { after }: { after?: string | undefined }) => {
      asked.push(after);
      return pages[asked.length - 1] ?? { items: [], next: null };
    };
    expect(names(await selectKeys({ ...store, keys: { ...store.keys, page } }, { filter: {} }, 0))).toEqual([
      'k0',
      'k1',
    ]);
    expect(asked).toEqual([undefined, 'a', 'b']);
  });
});

test('a count that was expected must be right', () => {
  expectCount(3, undefined);
  expectCount(3, 3);
  expectCount(0, 0);
  expect(() => expectCount(3, 2)).toThrow(Failure);
  expect(() => expectCount(0, 1)).toThrow('0 keys fit, not 1; nothing was done');
});
