import { beforeEach, expect, test } from 'vitest';
import { change } from '../../../src/domain/audit/change.ts';
import type { BackupHeader } from '../../../src/domain/backup/payload.ts';
import { planRestore, type RestorePlan } from '../../../src/domain/backup/plan.ts';
import { prepareCopy } from '../../../src/domain/backup/restore.ts';
import { keyEntry } from '../../../src/domain/keys/facts.ts';
import type { ApiKey } from '../../../src/domain/keys/key.ts';
import type { OperatorAccess } from '../../../src/domain/ports/secrets.ts';
import type { Transaction } from '../../../src/domain/ports/store.ts';
import { SEALED_FIELD } from '../../../src/domain/rotations/issue.ts';
import type { Rotation } from '../../../src/domain/rotations/rotation.ts';
import { Secret } from '../../../src/domain/secret.ts';
import {
  DAY,
  someIntegration,
  someKey,
  someSlot,
  someVerifier,
  someWorkspace,
  T0,
} from '../../contracts/samples.ts';
import { type Desk, fakeSealer, openDesk } from '../../support/fake-ledger.ts';

const NOW = T0 + 30 * DAY;
const actor = { name: 'ana', from: 'OS user', osUser: 'ana' } as const;
const HEADER: BackupHeader = {
  ...{ storeId: 'store_000000000000', createdAt: T0, root: new Secret('root'), schema: 2, size: 1 },
  ...{ keys: 1, entries: 1 },
};
let store: Desk;
let backup: Desk;
beforeEach(() => {
  store = openDesk();
  backup = openDesk();
});

const both = async (work: (tx: Transaction) => Promise<void>): Promise<void> => {
  for (const desk of [store, backup]) await desk.store.write(work);
};
const since = (work: (tx: Transaction) => Promise<unknown>): Promise<unknown> => store.store.write(work);
const plan = (): Promise<RestorePlan> => planRestore(store.store, backup.store, NOW);

/** A key that is in both, with the entry that tells of it. */
async function known(change_: Partial<ApiKey> = {}): Promise<ApiKey> {
  const key = someKey(store.workspace.id, change_);
  for (const desk of [store, backup]) {
    await change(desk.ledger, async (tx, record) => {
      await tx.write.keys.insert(key, someVerifier());
      record(keyEntry('key.create', key));
    });
  }
  return key;
}

async function prepare(undoRevocations = false): Promise<void> {
  const access = { audit: fakeSealer() } as OperatorAccess;
  const wish = { header: HEADER, plan: await plan(), slot: undefined, undoRevocations };
  await prepareCopy(backup.store, { access, actor, now: () => NOW }, wish);
}
const restored = (key: ApiKey): Promise<ApiKey | undefined> => backup.store.keys.byKid(key.kid);
const actions = async (): Promise<readonly string[]> =>
  (await backup.log()).filter(({ at }) => at === NOW).map(({ action }) => action);

test('a revocation is carried over with its time and reason, or undone when that is wished', async () => {
  const key = await known();
  await since((tx) => tx.write.keys.revoke([key.kid], T0 + DAY, 'leaked'));
  await prepare();
  expect(await restored(key)).toMatchObject({ revokedAt: T0 + DAY, revokedReason: 'leaked' });
  expect(await actions()).toEqual(['store.restore', 'key.revoke']);

  backup = openDesk();
  await backup.store.write((tx) => tx.write.keys.insert(key, someVerifier()));
  await prepare(true);
  expect(await restored(key)).toMatchObject({ revokedAt: null });
  const [entry] = (await backup.log()).filter(({ action }) => action === 'store.restore');
  expect(entry?.facts).toMatchObject({ revocations_undone: 1, revocations_kept: 0 });
});

test('a key that was disabled, and one whose version was given an end, come back disabled', async () => {
  const [paused, rotated, open] = [await known(), await known(), await known()];
  const next = (key: ApiKey) => ({
    version: 2,
    verifier: someVerifier(),
    issuedAt: T0 + DAY,
    expiresAt: key.expiresAt,
  });
  await since(async (tx) => {
    await tx.write.keys.setDisabled([paused.kid], T0 + DAY);
    await tx.write.keys.addVersion(rotated.kid, 1, next(rotated), T0 + 2 * DAY);
    await tx.write.keys.addVersion(open.kid, 1, next(open), null);
  });
  await prepare();
  expect(await restored(paused)).toMatchObject({ disabledAt: NOW });
  expect(await restored(rotated)).toMatchObject({ disabledAt: NOW, version: 1 });
  expect(await restored(open)).toMatchObject({ disabledAt: null, version: 1 });
});

test('an older version ends as it was to end, and an expiry that came nearer stays', async () => {
  const key = await known({ expiresAt: T0 + 90 * DAY });
  const next = { version: 2, verifier: someVerifier(), issuedAt: T0, expiresAt: T0 + 90 * DAY };
  await both(async (tx) => void (await tx.write.keys.addVersion(key.kid, 1, next, T0 + 60 * DAY)));
  await since(async (tx) => {
    await tx.write.keys.endVersions(key.kid, T0 + DAY);
    await tx.write.keys.update(key.kid, { expiresAt: T0 + 40 * DAY });
  });
  await prepare();
  expect(await restored(key)).toMatchObject({ version: 2, disabledAt: null, expiresAt: T0 + 40 * DAY });
  const [older] = await backup.store.keys.versions(key.kid);
  expect(older).toMatchObject({ cutOff: T0 + DAY, endedAt: NOW });
});

test('what was stopped beside keys stays stopped', async () => {
  const workspace = someWorkspace();
  const [one, gone, draft] = [1, 2, 3].map((n) =>
    someIntegration(store.workspace.id, { configuredAt: n === 3 ? null : T0 }),
  ) as [
    ReturnType<typeof someIntegration>,
    ReturnType<typeof someIntegration>,
    ReturnType<typeof someIntegration>,
  ];
  await both(async (tx) => {
    await tx.write.workspaces.insert(workspace);
    for (const integration of [one, gone, draft]) await tx.write.integrations.insert(integration);
  });
  await since(async (tx) => {
    await tx.write.workspaces.setArchived(workspace.id, T0 + DAY);
    await tx.write.integrations.update(one.id, { disabledAt: T0 + DAY });
    await tx.write.integrations.remove(gone.id);
    await tx.write.integrations.remove(draft.id);
  });
  await prepare();
  expect(await backup.store.workspaces.byId(workspace.id)).toMatchObject({ archivedAt: T0 + DAY });
  const ends = async (id: string) => (await backup.store.integrations.byId(id))?.disabledAt;
  expect([await ends(one.id), await ends(gone.id), await ends(draft.id)]).toEqual([NOW, NOW, null]);
  expect(await actions()).toEqual([
    'store.restore',
    'workspace.archive',
    'integration.disable',
    'integration.disable',
  ]);
});

test('what is lost, and which slots come and go, is told', async () => {
  const key = someKey(store.workspace.id);
  const [added, removed] = [someSlot({ name: 'added' }), someSlot({ name: 'removed' })];
  await since(async (tx) => {
    await tx.write.keys.insert(key, someVerifier());
    await tx.write.slots.insert(added);
  });
  await backup.store.write((tx) => tx.write.slots.insert(removed));
  const { lost, slotsLost, slotsBack, opensHere } = await plan();
  expect(lost.map(({ kid }) => kid)).toEqual([key.kid]);
  expect(slotsLost.map(({ name }) => name)).toContain('added');
  expect(slotsBack.map(({ name }) => name)).toContain('removed');
  // Each desk has a primary slot of its own making.
  expect(opensHere).toBe(false);
});

test('nothing that is as it was is touched', async () => {
  const keys = [
    await known(),
    await known({ disabledAt: T0 }),
    await known({ revokedAt: T0 }),
    await known({ expiresAt: T0 }),
  ];
  await prepare();
  for (const key of keys) expect(await restored(key)).toEqual(key);
  expect(await actions()).toEqual(['store.restore']);
});

test('a delivery that was rolled back since is so again, and what it was to deliver never verifies', async () => {
  const key = await known({ expiresAt: T0 + 90 * DAY });
  const next = { version: 2, verifier: someVerifier(), issuedAt: T0, expiresAt: T0 + 100 * DAY };
  const rotation: Rotation = {
    ...{ id: 'rot_000000000001', kid: key.kid, workspaceId: key.workspaceId },
    ...{ fromVersion: 1, toVersion: 2, state: 'issued', delivery: true, check: false, graceMs: DAY },
    ...{ startedAt: T0, startedBy: 'ana', updatedAt: T0 },
  };
  await both(async (tx) => {
    await tx.write.keys.addVersion(key.kid, 1, next, null);
    await tx.write.rotations.insert(rotation);
    const at = { record: rotation.id, field: SEALED_FIELD, version: 2 };
    await tx.write.slots.putSealed({ ...at, sealed: Buffer.from('sealed') });
  });
  await since(async (tx) => {
    await tx.write.keys.restoreVersion(key.kid, 2, 1, { at: T0 + DAY, expiresAt: key.expiresAt });
    await tx.write.rotations.advance(rotation.id, 'issued', 'rolled-back', T0 + DAY);
  });
  expect((await plan()).goesBack.filter(({ of }) => of === 'key')).toEqual([]);
  await prepare();
  expect(await restored(key)).toMatchObject({ version: 1, expiresAt: key.expiresAt, disabledAt: null });
  expect(await backup.store.keys.versions(key.kid)).toMatchObject([{ version: 2, endedAt: NOW }]);
  expect(await backup.store.rotations.open(key.kid)).toBeUndefined();
  expect(await backup.store.slots.allSealed()).toEqual([]);
  expect(await actions()).toEqual(['store.restore', 'rotation.rollback']);
});
