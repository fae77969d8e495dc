import { describe, expect, test } from 'vitest';
import { lockedStore } from '../../../src/domain/slots/locked-store.ts';
import { addSlot, findSlot, removeSlot } from '../../../src/domain/slots/manage.ts';
import { addMember } from '../../../src/domain/workspaces/members.ts';
import type { Workspace } from '../../../src/domain/workspaces/workspace.ts';
import { Failure } from '../../../src/errors.ts';
import { someApp, someGrant } from '../../contracts/samples.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { type SlotDesk as Desk, openSlotDesk as desk, operator } from '../../support/fake-secrets.ts';

const names = async ({ store }: Desk) => (await store.slots.all()).map(({ name }) => name);
const actions = async ({ store }: Desk) => (await store.audit.from(1, 100)).map(({ action }) => action);

describe('a slot', () => {
  test('is found by name and id, in any form of its letters', async () => {
    const d = await desk();
    const added = await addSlot(d.ledger, d.access, d.secrets, operator('Caf\u00e9'));
    expect((await findSlot(d.store, 'Cafe\u0301')).id).toBe(added.id);
    expect((await findSlot(d.store, added.id)).id).toBe(added.id);
    expect(await failureOf(() => findSlot(d.store, 'keychian'))).toMatchObject({
      code: 'not_found',
      hint: 'did you mean keychain?',
    });
  });

  test('is added, with what it needs outside, and told of', async () => {
    const d = await desk();
    const slot = await addSlot(d.ledger, d.access, d.secrets, {
      name: 'recovery',
      kind: 'passphrase',
      role: 'operator',
    });
    expect(await names(d)).toEqual(['keychain', 'recovery']);
    expect(d.secrets.outside).toContain(slot.header);
    const head = await d.store.audit.head();
    expect(head).toMatchObject({
      action: 'slot.add',
      target: slot.id,
      facts: { name: 'recovery', kind: 'passphrase', role: 'operator' },
    });
    expect(JSON.stringify(head)).not.toContain(slot.header);
  });

  test('of a name that is taken is not made at all', async () => {
    const d = await desk();
    const before = new Set(d.secrets.outside);
    expect(await failureOf(() => addSlot(d.ledger, d.access, d.secrets, operator('keychain')))).toMatchObject(
      { code: 'exists', hint: expect.stringContaining('--name') },
    );
    expect(d.secrets.outside).toEqual(before);
  });

  test('of a name that is taken meanwhile leaves nothing outside', async () => {
    const d = await desk();
    const [one, two] = await Promise.allSettled([
      addSlot(d.ledger, d.access, d.secrets, operator('second')),
      addSlot(d.ledger, d.access, d.secrets, operator('second')),
    ]);
    expect([one.status, two.status].sort()).toEqual(['fulfilled', 'rejected']);
    expect(d.secrets.outside).toEqual(await d.needed());
  });

  test('is removed from the store, then from outside', async () => {
    const d = await desk();
    await addSlot(d.ledger, d.access, d.secrets, operator('second'));
    await removeSlot(d.ledger, d.secrets, 'second');
    expect(await names(d)).toEqual(['keychain']);
    expect(d.secrets.outside).toEqual(await d.needed());
    expect((await actions(d)).at(-1)).toBe('slot.remove');
  });

  test('is removed from the store when what it has outside can not be', async () => {
    const d = await desk();
    const slot = await addSlot(d.ledger, d.access, d.secrets, operator('second'));
    d.secrets.discard = async () => {
      throw new Failure('keychain_locked', 'the OS keychain is locked');
    };
    expect(await removeSlot(d.ledger, d.secrets, 'second')).toEqual({
      slot,
      left: 'the OS keychain is locked',
    });
    expect(await names(d)).toEqual(['keychain']);
  });

  test('that is the last of the operator stays, whatever verifier slots there are', async () => {
    const d = await desk();
    await addSlot(d.ledger, d.access, d.secrets, { name: 'server', kind: 'key-file', role: 'verifier' });
    expect(await failureOf(() => removeSlot(d.ledger, d.secrets, 'keychain'))).toMatchObject({
      code: 'wrong_state',
    });
    expect(await names(d)).toEqual(['keychain', 'server']);
    expect(d.secrets.outside).toEqual(await d.needed());
    await removeSlot(d.ledger, d.secrets, 'server');
  });

  test('stays while a refresh is out, whose answer it may be needed for; not when nobody waits any more', async () => {
    const d = await desk();
    await addSlot(d.ledger, d.access, d.secrets, operator('second'));
    const app = someApp((await d.store.workspaces.all())[0]?.id ?? '');
    const grant = someGrant(app);
    await d.store.write(async (tx) => {
      await tx.write.apps.insert(app);
      await tx.write.grants.insert(grant);
    });
    const sent = (sentAt: number, uncertain: boolean) => {
      const intent = { grantId: grant.id, tokenVersion: 1, sentAt, uncertain };
      return d.store.write((tx) => tx.write.grants.putIntent(intent));
    };
    await sent(d.ledger.now() - 60_000, false);
    expect(await failureOf(() => removeSlot(d.ledger, d.secrets, 'second'))).toMatchObject({
      code: 'busy',
      hint: expect.stringContaining('slots remove slot_'),
    });
    expect(await names(d)).toEqual(['keychain', 'second']);
    await sent(d.ledger.now() - 180_000, false);
    await removeSlot(d.ledger, d.secrets, 'second');
    await addSlot(d.ledger, d.access, d.secrets, operator('third'));
    await sent(d.ledger.now(), true);
    await removeSlot(d.ledger, d.secrets, 'third');
  });

  test('that was the primary one leaves that to the oldest operator slot', async () => {
    const d = await desk();
    await addSlot(d.ledger, d.access, d.secrets, { name: 'server', kind: 'key-file', role: 'verifier' });
    const heir = await addSlot(d.ledger, d.access, d.secrets, operator('second'));
    await addSlot(d.ledger, d.access, d.secrets, operator('third'));
    await removeSlot(d.ledger, d.secrets, 'third');
    expect(await d.store.slots.primary()).not.toBe(heir.id);
    await removeSlot(d.ledger, d.secrets, 'keychain');
    expect(await d.store.slots.primary()).toBe(heir.id);
  });
});

test('what is needed to unlock a store', async () => {
  const { store } = await desk();
  const [slot] = await store.slots.all();
  expect(await lockedStore(store)).toEqual({
    id: store.identity.id,
    primarySlot: slot?.id,
    slots: [slot],
    peppers: [{ number: 1, kind: 'pepper', sealed: Buffer.from('1:pepper 1'), createdAt: 1000 }],
  });
});

describe('who is neither owner nor admin', () => {
  test.each(['ben', 'eve'])('(%s) adds and removes none, and nothing is made outside', async (name) => {
    const d = await desk();
    const [workspace] = await d.store.workspaces.all();
    await addMember(d.ledger, workspace as Workspace, 'ben', 'developer');
    const ledger = { ...d.ledger, actor: { ...d.ledger.actor, name } };
    await addSlot(d.ledger, d.access, d.secrets, operator('second'));
    const outside = [...d.secrets.outside];
    const add = () => addSlot(ledger, d.access, d.secrets, operator('third'));
    expect(await failureOf(add)).toMatchObject({
      code: 'forbidden',
      hint: expect.stringContaining('--actor'),
    });
    expect(await failureOf(() => removeSlot(ledger, d.secrets, 'second'))).toMatchObject({
      code: 'forbidden',
    });
    expect(await names(d)).toEqual(['keychain', 'second']);
    expect([...d.secrets.outside]).toEqual(outside);
  });
});
