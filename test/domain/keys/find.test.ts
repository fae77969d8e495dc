import { beforeAll, describe, expect, test } from 'vitest';
import { findKey } from '../../../src/domain/keys/find.ts';
import type { ApiKey } from '../../../src/domain/keys/key.ts';
import { publicKey } from '../../../src/domain/keys/token.ts';
import { addKeys, someKey, someWorkspace } from '../../contracts/samples.ts';
import { type Desk, failureOf, openDesk } from '../../support/fake-ledger.ts';

const keys: Record<string, ApiKey> = {};
let desk: Desk;

beforeAll(async () => {
  desk = openDesk();
  const other = someWorkspace({ slug: 'other' });
  await desk.store.write((tx) => tx.write.workspaces.insert(other));
  const { id } = desk.workspace;
  const add = async (label: string, key: ApiKey): Promise<void> => {
    keys[label] = key;
    await addKeys(desk.store, [key]);
  };
  await add('revoked once', someKey(id, { name: 'once', revokedAt: 1 }));
  await add('first', someKey(id, { name: 'twice', revokedAt: 1 }));
  await add('second', someKey(id, { name: 'twice', revokedAt: 2 }));
  await add('old billing', someKey(id, { name: 'billing', revokedAt: 1 }));
  await add('billing', someKey(id, { name: 'billing' }));
  await add('there', someKey(other.id, { name: 'both', mode: 'test' }));
  await add('here', someKey(id, { name: 'both' }));
  await add('café', someKey(id, { name: 'Caf\u00e9' }));
  await add('proto', someKey(id, { name: '__proto__' }));
});

const find = (text: string, workspaceId?: string) => findKey(desk.store, text, workspaceId);
const kid = (label: string): string => keys[label]?.kid ?? '';
const shown = (label: string): string => publicKey(keys[label] as ApiKey);

describe('a key is found', () => {
  test.each([
    ['by its name: the unrevoked one', () => 'billing', 'billing'],
    ['by its name: the only revoked one', () => 'once', 'revoked once'],
    ['by its name in another form', () => 'Cafe\u0301', 'café'],
    ['by a name of Object', () => '__proto__', 'proto'],
    ['by its id', () => `key_${kid('old billing')}`, 'old billing'],
    ['by its public key', () => shown('there'), 'there'],
  ])('%s', async (_, text, label) => {
    expect((await find(text())).kid).toBe(kid(label));
  });

  test('within a workspace', async () => {
    expect((await find('both', desk.workspace.id)).kid).toBe(kid('here'));
    expect((await find('both', keys.there?.workspaceId)).kid).toBe(kid('there'));
  });
});

describe('a key is not found', () => {
  test.each([
    ['under an unknown name', () => 'biling', 'did you mean billing?'],
    ['under a name like no other', () => 'xxxxxxxx', '{keywright} keys list'],
    ['under an unknown id', () => 'key_zzzzzzzzzzzz', '{keywright} keys list'],
    [
      'under a public key of another mode',
      () => shown('billing').replace('_live_', '_test_'),
      '{keywright} keys list',
    ],
    [
      'under a public key of another brand',
      () => shown('billing').replace('kw_', 'xx_'),
      '{keywright} keys list',
    ],
    ['under its bare kid', () => kid('billing'), '{keywright} keys list'],
    ['under a part of its name', () => 'bill%', undefined],
    ['under a name of Object', () => 'constructor', '{keywright} keys list'],
  ])('%s', async (_, text, hint) => {
    const failure = await failureOf(() => find(text()));
    expect(failure.code).toBe('not_found');
    if (hint !== undefined) expect(failure.hint).toBe(hint);
  });

  test('in another workspace than its own', async () => {
    const failure = await failureOf(() => find(shown('there'), desk.workspace.id));
    expect(failure).toMatchObject({
      code: 'not_found',
      message: `no key ${shown('there')} in this workspace`,
    });
  });

  test.each([
    ['twice', ['second', 'first']],
    ['both', ['here', 'there']],
  ])('for sure when %s are called so', async (name, labels) => {
    const failure = await failureOf(() => find(name));
    expect(failure).toMatchObject({ code: 'ambiguous', message: `2 keys are called "${name}"` });
    for (const label of labels) expect(failure.hint).toContain(shown(label));
  });
});
