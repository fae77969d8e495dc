import { expect, test } from 'vitest';
import { requireMember } from '../../../src/domain/workspaces/members.ts';
import { failureOf, openDesk } from '../../support/fake-ledger.ts';

test('a member is named as stored', async () => {
  const desk = openDesk();
  expect(await requireMember(desk.store, desk.workspace.id, 'ana')).toBe('ana');
});

test.each([
  ['anna', 'did you mean ana?'],
  ['somebody', 'the members are ana'],
  ['Ana ', 'did you mean ana?'],
  ['constructor', 'the members are ana'],
])('%j is none', async (name, hint) => {
  const desk = openDesk();
  const failure = await failureOf(() => requireMember(desk.store, desk.workspace.id, name));
  expect(failure).toMatchObject({
    code: 'not_found',
    message: `no member "${name}" in this workspace`,
    hint,
  });
});
