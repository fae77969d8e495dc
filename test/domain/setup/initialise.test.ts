import { describe, expect, test } from 'vitest';
import { checkChain } from '../../../src/domain/audit/check.ts';
import { type InitRequest, seedStore, slotEntry } from '../../../src/domain/setup/initialise.ts';
import { Failure } from '../../../src/errors.ts';
import { someSlot } from '../../contracts/samples.ts';
import { fakeRandom } from '../../support/fake-ledger.ts';
import { fakeSecrets } from '../../support/fake-secrets.ts';
import { memoryStore } from '../../support/memory-store.ts';

const REQUEST: InitRequest = {
  workspace: { slug: 'acme', name: 'Acme', kind: 'company', brand: 'kw' },
  primary: { name: 'keychain', kind: 'keychain', role: 'operator' },
  recovery: { name: 'recovery', kind: 'passphrase', role: 'operator' },
};

async function seeded(request = REQUEST, secrets = fakeSecrets()) {
  const actor = { name: 'ana', from: '--actor', osUser: 'root' } as const;
  return {
    secrets,
    ...(await seedStore({ secrets, random: fakeRandom(), now: () => 1000, actor }, request)),
  };
}

describe('a new store', () => {
  test('begins with a workspace and its owner, slots, a pepper and a sealed signing key', async () => {
    const { seed } = await seeded();
    expect(seed.identity).toEqual({
      id: expect.stringMatching(/^store_[0-9A-Za-z]{12}$/),
      createdAt: 1000,
      primarySlot: seed.slots[0]?.id,
    });
    expect(seed.workspace).toMatchObject({ ...REQUEST.workspace, createdBy: 'ana', archivedAt: null });
    expect(seed.owner).toEqual({
      workspaceId: seed.workspace.id,
      name: 'ana',
      role: 'owner',
      createdAt: 1000,
    });
    expect(seed.slots.map(({ name }) => name)).toEqual(['keychain', 'recovery']);
    expect(seed.peppers.map(({ number }) => number)).toEqual([1]);
    const [{ record, field, version, sealed } = { sealed: new Uint8Array() }] = seed.sealed;
    expect([record, field, version]).toEqual(['audit', 'signing-seed', 1]);
    expect(Buffer.from(Buffer.from(sealed).toString().slice(2), 'base64')).toHaveLength(32);
  });

  test('tells of its beginning in a sealed log', async () => {
    const { seed, access } = await seeded();
    expect(seed.audit.map(({ seq, action, target }) => [seq, action, target])).toEqual([
      [1, 'store.create', seed.identity.id],
      [2, 'slot.add', seed.slots[0]?.id],
      [3, 'slot.add', seed.slots[1]?.id],
      [4, 'workspace.create', seed.workspace.id],
    ]);
    expect(seed.audit.every(({ actor, osUser }) => actor === 'ana' && osUser === 'root')).toBe(true);
    const report = await checkChain(memoryStore(seed).audit, access.audit, undefined);
    expect(report).toMatchObject({ entries: 4, bad: null });
  });

  test('has another id and another signing key each time', async () => {
    const secrets = fakeSecrets();
    const random = fakeRandom();
    const parts = {
      secrets,
      random,
      now: () => 1,
      actor: { name: 'ana', from: '--actor', osUser: 'ana' } as const,
    };
    const [one, two] = [await seedStore(parts, REQUEST), await seedStore(parts, REQUEST)];
    expect(one.seed.identity.id).not.toBe(two.seed.identity.id);
    expect(one.seed.workspace.id).not.toBe(two.seed.workspace.id);
    expect(one.seed.sealed[0]?.sealed).not.toEqual(two.seed.sealed[0]?.sealed);
  });

  test('may do without a recovery slot', async () => {
    const { seed } = await seeded({ ...REQUEST, recovery: undefined });
    expect(seed.slots).toHaveLength(1);
    expect(seed.audit).toHaveLength(3);
  });
});

describe('what was made outside', () => {
  test('is taken back when the store is not made after all', async () => {
    const { seed, secrets } = await seeded();
    expect(secrets.outside.size).toBe(2);
    await seed.undo();
    expect(secrets.outside.size).toBe(0);
  });

  test('is taken back when a later slot can not be made, and the reason is told', async () => {
    const secrets = fakeSecrets();
    secrets.broken.set('recovery', new Failure('usage', 'the passphrase is too short'));
    await expect(seeded(REQUEST, secrets)).rejects.toThrow('the passphrase is too short');
    expect(secrets.outside.size).toBe(0);
  });

  test('that can not be taken back does not hide the reason', async () => {
    const secrets = fakeSecrets();
    secrets.broken.set('recovery', new Failure('usage', 'the passphrase is too short'));
    secrets.broken.set('discard keychain', new Failure('keychain_locked', 'locked'));
    await expect(seeded(REQUEST, secrets)).rejects.toThrow('the passphrase is too short');
  });
});

test('an entry about a slot says what it is, never what it holds', () => {
  const slot = someSlot({
    name: 'server',
    kind: 'key-file',
    role: 'verifier',
    header: 'canary',
    wrapped: Buffer.from('canary'),
  });
  expect(slotEntry('slot.add', slot)).toEqual({
    action: 'slot.add',
    target: slot.id,
    workspaceId: null,
    facts: { name: 'server', kind: 'key-file', role: 'verifier' },
  });
});
