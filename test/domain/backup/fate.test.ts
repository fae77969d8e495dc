import { expect, test } from 'vitest';
import { type Fate, fateOf } from '../../../src/domain/backup/fate.ts';
import type { ApiKey, KeyVersion } from '../../../src/domain/keys/key.ts';
import type { Rotation } from '../../../src/domain/rotations/rotation.ts';
import { DAY, someKey, T0 } from '../../contracts/samples.ts';

const NOTHING: Fate = {
  ...{ revoked: false, rolledBack: undefined, disable: undefined, cutOffs: [], expiresAt: undefined },
};

/** A key with superseded versions, each given by its number, cut-off and end. */
function keyed(
  change: Partial<ApiKey>,
  ...old: readonly (readonly [number, number | null, number | null])[]
) {
  const key = someKey('ws_000000000000', { kid: 'same00000000', ...change });
  const versions = old.map(
    ([version, cutOff, endedAt]): KeyVersion => ({
      ...{ kid: key.kid, version, issuedAt: T0, expiresAt: null, cutOff, endedAt },
      ...{ firstUsedAt: null, lastUsedAt: null, lateUseAt: null, shownAt: T0 },
    }),
  );
  return { key, versions };
}

test.each<[string, ReturnType<typeof keyed>, ReturnType<typeof keyed>, Partial<Fate>]>([
  ['the same', keyed({}), keyed({}), {}],
  ['revoked since', keyed({ revokedAt: T0 }), keyed({}), { revoked: true }],
  ['revoked before', keyed({ revokedAt: T0 }), keyed({ revokedAt: T0 }), {}],
  ['disabled since', keyed({ disabledAt: T0 }), keyed({}), { disable: 'disabled' }],
  ['enabled since', keyed({}), keyed({ disabledAt: T0 }), {}],
  ['rotated, ended outright', keyed({ version: 2 }, [1, T0, T0]), keyed({}), { disable: 'rotated' }],
  ['rotated, its end to come', keyed({ version: 2 }, [1, T0 + DAY, null]), keyed({}), { disable: 'rotated' }],
  ['rotated, still being delivered', keyed({ version: 2 }, [1, null, null]), keyed({}), {}],
  ['rotated twice', keyed({ version: 3 }, [2, null, null], [1, T0, null]), keyed({}), { disable: 'rotated' }],
  [
    'rotated, and disabled before',
    keyed({ version: 2 }, [1, T0, T0]),
    keyed({ disabledAt: T0 }),
    { disable: 'rotated' },
  ],
  [
    'rotated, and disabled since',
    keyed({ version: 2, disabledAt: T0 }, [1, T0, T0]),
    keyed({}),
    { disable: 'rotated' },
  ],
  [
    'a version that nobody knows of',
    keyed({ version: 1 }),
    keyed({ version: 2 }, [1, null, null]),
    { disable: 'rotated' },
  ],
  [
    'rolled back since: the version that came of it is ended',
    keyed({ version: 1 }, [2, T0, T0]),
    keyed({ version: 2 }, [1, null, null]),
    { disable: 'rotated' },
  ],
  [
    'an overlap ended since',
    keyed({ version: 2 }, [1, T0 + DAY, T0]),
    keyed({ version: 2 }, [1, T0 + DAY, null]),
    { cutOffs: [{ version: 1, at: T0, outright: true }] },
  ],
  [
    'a delivery finished since',
    keyed({ version: 2 }, [1, T0 + DAY, null]),
    keyed({ version: 2 }, [1, null, null]),
    { cutOffs: [{ version: 1, at: T0 + DAY, outright: false }] },
  ],
  [
    'an older version that nobody knows of ends with its beginning, which is a date',
    keyed({ version: 2 }),
    keyed({ version: 2 }, [1, null, null]),
    { cutOffs: [{ version: 1, at: T0, outright: true }] },
  ],
  ['an overlap as it was', keyed({ version: 2 }, [1, T0, null]), keyed({ version: 2 }, [1, T0, null]), {}],
  ['ended in both', keyed({ version: 2 }, [1, T0, T0]), keyed({ version: 2 }, [1, T0, T0]), {}],
  ['a nearer expiry', keyed({ expiresAt: T0 }), keyed({ expiresAt: T0 + 1 }), { expiresAt: T0 }],
  ['an expiry where there was none', keyed({ expiresAt: T0 }), keyed({}), { expiresAt: T0 }],
  ['a later expiry', keyed({ expiresAt: T0 + 1 }), keyed({ expiresAt: T0 }), {}],
  ['no expiry any more', keyed({}), keyed({ expiresAt: T0 }), {}],
])('%s', (_, now, before, fate) => {
  expect(fateOf(now, { ...before, open: undefined, openNow: undefined })).toEqual({ ...NOTHING, ...fate });
});

const OPEN: Rotation = {
  ...{ id: 'rot_000000000000', kid: 'same00000000', workspaceId: 'ws_000000000000' },
  ...{ fromVersion: 1, toVersion: 2, state: 'issued', delivery: true, check: false, graceMs: DAY },
  ...{ startedAt: T0, startedBy: 'ana', updatedAt: T0 },
};

test.each<[string, ReturnType<typeof keyed>, Rotation | undefined, Partial<Fate>]>([
  ['still open', keyed({ version: 2 }, [1, null, null]), OPEN, {}],
  [
    'rolled back since',
    keyed({ version: 1 }, [2, T0, T0]),
    { ...OPEN, state: 'rolled-back' },
    { rolledBack: OPEN },
  ],
  [
    'rolled back since, and rotated again',
    keyed({ version: 3 }, [2, T0, T0], [1, T0, T0]),
    { ...OPEN, state: 'rolled-back' },
    { rolledBack: OPEN, disable: 'rotated' },
  ],
  ['of another branch', keyed({ version: 1 }), undefined, { rolledBack: OPEN }],
  [
    'closed by a revocation, which took nothing back',
    keyed({ version: 2, revokedAt: T0 }, [1, null, null]),
    { ...OPEN, state: 'rolled-back' },
    { revoked: true },
  ],
])('a delivery that is open in the backup, %s', (_, now, openNow, fate) => {
  const backed = { ...keyed({ version: 2 }, [1, null, null]), open: OPEN, openNow };
  expect(fateOf(now, backed)).toEqual({ ...NOTHING, ...fate });
});
