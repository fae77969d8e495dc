import { expect, test } from 'vitest';
import { entryColumns, entryJson } from '../../../src/commands/audit/describe.ts';
import { NO_CUT_OFF } from '../../../src/domain/keys/key.ts';

test('the times among the facts are shown as times, and what is none as null', () => {
  const entry = {
    ...{
      seq: 1,
      at: 0,
      actor: 'ana',
      osUser: null,
      action: 'key.rotate',
      target: 'key_1',
      workspaceId: null,
    },
    ...{ locked: false, prev: new Uint8Array(32), hash: new Uint8Array(32), seal: null },
  };
  const facts = { expires_at: 1_803_031_200_000, old_expires_at: null, version: 2, format: 'at', n_at: 'x' };
  const shown = { ...facts, expires_at: '2027-02-19T10:00:00Z' };
  for (const none of [NO_CUT_OFF, 0])
    expect(entryJson({ ...entry, facts: { ...facts, older_until: none } })).toMatchObject({
      facts: { ...shown, older_until: null },
    });
  const column = entryColumns(0).find(({ header }) => header === 'FACTS');
  expect(JSON.parse(column?.tsv({ ...entry, facts }) ?? '')).toEqual(shown);
});
