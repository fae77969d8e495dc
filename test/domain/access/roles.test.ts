import { expect, test } from 'vitest';
import { atLeast, manages, ROLES } from '../../../src/domain/access/roles.ts';
import type { Role } from '../../../src/domain/workspaces/workspace.ts';

test('each role is at least itself and those below', () => {
  const table = ROLES.map((role) => ROLES.filter((least) => atLeast(role, least)));
  expect(table).toEqual([
    ['viewer'],
    ['viewer', 'developer'],
    ['viewer', 'developer', 'admin'],
    ['viewer', 'developer', 'admin', 'owner'],
  ]);
  expect(ROLES.filter(manages)).toEqual(['admin', 'owner']);
});

test.each(['', 'root', 'Owner', '__proto__', 'constructor'])(
  '%j is no role: it has none and none has it',
  (text) => {
    for (const role of ROLES) {
      expect(atLeast(text as Role, role)).toBe(false);
      expect(atLeast(role, text as Role)).toBe(false);
    }
  },
);
