import { describe, expect, test } from 'vitest';
import { chain } from '../../../src/domain/audit/chain.ts';
import { change } from '../../../src/domain/audit/change.ts';
import { checkChain } from '../../../src/domain/audit/check.ts';
import type { AuditEntry, NewEntry } from '../../../src/domain/audit/entry.ts';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import type { AuditSealer } from '../../../src/domain/ports/secrets.ts';
import { someSlot } from '../../contracts/samples.ts';
import { type Desk, failureOf, fakeSealer, openDesk } from '../../support/fake-ledger.ts';
import { aKey } from '../../support/fake-verifier.ts';

const SEALER = fakeSealer();
const BYTES = new Uint8Array(32).fill(9);

const stops = (...targets: readonly string[]): readonly NewEntry[] =>
  targets.map((target) => ({ action: 'key.revoke', target, workspaceId: null, facts: {} }));
const behind = (head: AuditEntry, entries: readonly NewEntry[], sealer: AuditSealer | undefined) =>
  chain(head, entries, { at: head.at + 1, actor: 'eve', osUser: null }, sealer);
const last = (entries: readonly AuditEntry[]): AuditEntry => entries.at(-1) as AuditEntry;

/** What somebody without the key wrote behind the head; the entry that is named, counted from the head. */
const FORGERIES: readonly (readonly [string, (head: AuditEntry) => readonly AuditEntry[], number])[] = [
  ['a seal by another key', (head) => behind(head, stops('a'), fakeSealer('eve')), 1],
  ['a seal that is no seal', (head) => [{ ...last(behind(head, stops('a'), SEALER)), seal: BYTES }], 1],
  [
    'the seal of the entry before',
    (head) => [{ ...last(behind(head, stops('a'), SEALER)), seal: head.seal }],
    1,
  ],
  [
    'a seal that was cut',
    (head) => [{ ...last(behind(head, stops('a'), SEALER)), seal: BYTES.slice(0, 0) }],
    1,
  ],
  ['a head without a seal', (head) => [{ ...last(behind(head, stops('a'), SEALER)), seal: null }], 1],
  [
    'another hash under a right seal',
    (head) => [{ ...last(behind(head, stops('a'), SEALER)), hash: BYTES }],
    1,
  ],
  [
    'a wrong seal behind what was made while locked',
    (head) => {
      const forged = behind(head, stops('a'), fakeSealer('eve'));
      return [...forged, ...behind(last(forged), stops('b', 'c'), undefined)];
    },
    1,
  ],
  [
    'a locked range whose first entry does not continue the seal',
    (head) => behind({ ...head, hash: BYTES }, stops('a', 'b'), undefined),
    1,
  ],
  [
    'a locked range that was rewritten in its middle',
    (head) => {
      const range = behind(head, stops('a', 'b', 'c'), undefined);
      return range.map((entry, i) => (i === 1 ? { ...entry, hash: BYTES } : entry));
    },
    3,
  ],
  [
    'a locked range with an entry taken out',
    (head) => behind(head, stops('a', 'b', 'c'), undefined).filter((_, i) => i !== 1),
    3,
  ],
];

async function forgedDesk(forge: (head: AuditEntry) => readonly AuditEntry[]) {
  const desk = openDesk();
  const { names } = await aKey(desk);
  const head = last(await desk.log());
  await desk.store.write((tx) => tx.write.audit(forge(head)));
  return { desk, names, head };
}

const stored = async ({ store, log, anchor }: Desk) => ({
  log: await log(),
  slots: await store.slots.all(),
  mark: anchor.mark,
});

describe.each(FORGERIES)('%s', (_, forge, wrong) => {
  test('is not vouched for by a seal', async () => {
    const { desk, head } = await forgedDesk(forge);
    const before = await stored(desk);
    const failure = await failureOf(() =>
      change(desk.ledger, async (tx, record) => {
        const slot = someSlot();
        await tx.write.slots.insert(slot);
        record({ action: 'slot.add', target: slot.id, workspaceId: null, facts: {} });
      }),
    );
    expect(failure).toMatchObject({
      code: 'store_damaged',
      message: `the audit log is not ours at entry ${head.seq + wrong}; nothing was done`,
      hint: '{keywright} audit verify',
    });
    expect(await stored(desk)).toEqual(before);
  });

  test('keeps nobody from revoking without the audit key', async () => {
    const { desk, names } = await forgedDesk(forge);
    await revokeKeys(desk.locked, names);
    expect((await desk.store.keys.byKid(names.names[0]?.slice(4) ?? ''))?.revokedAt).toBe(desk.clock.at);
    expect(await desk.store.audit.head()).toMatchObject({ action: 'key.revoke', locked: true, seal: null });
  });
});

test('a change that records nothing seals nothing, so it is not refused', async () => {
  const { desk } = await forgedDesk((head) => behind(head, stops('a'), fakeSealer('eve')));
  expect(await change(desk.ledger, async () => 5)).toBe(5);
});

test('what was truly made while locked is sealed by the next change', async () => {
  const desk = openDesk();
  const record = (entry: NewEntry) => async (_: unknown, add: (entry: NewEntry) => void) => add(entry);
  for (const entry of stops('a', 'b', 'c')) await change(desk.locked, record(entry));
  await change(desk.ledger, record({ action: 'slot.add', target: 'slot_1', workspaceId: null, facts: {} }));
  expect(await checkChain(desk.store.audit, SEALER, desk.anchor.mark)).toMatchObject({
    bad: null,
    lockedRanges: [{ from: 2, to: 4, sealed: true }],
  });
});
