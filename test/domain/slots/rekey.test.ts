import { describe, expect, test } from 'vitest';
import { checkChain } from '../../../src/domain/audit/check.ts';
import type { UnlockSources } from '../../../src/domain/ports/secrets.ts';
import type { AnchorMark } from '../../../src/domain/ports/system.ts';
import { addSlot } from '../../../src/domain/slots/manage.ts';
import { type RekeyPlan, rekey } from '../../../src/domain/slots/rekey.ts';
import { Failure } from '../../../src/errors.ts';
import { someApp, someGrant, someSlot } from '../../contracts/samples.ts';
import { type SlotDesk as Desk, openSlotDesk as desk, operator } from '../../support/fake-secrets.ts';

const somebody = 'slot_0123456789Ab';
const SOURCES: UnlockSources = {
  passphraseGiven: false,
  passphrase: () => Promise.reject(new Error('nobody')),
};

const names = async ({ store }: Desk) => (await store.slots.all()).map(({ name }) => name);
const actions = async ({ store }: Desk) => (await store.audit.from(1, 100)).map(({ action }) => action);

describe('a new root key', () => {
  const run = async (d: Desk, confirm: (plan: RekeyPlan) => Promise<void> = async () => undefined) =>
    rekey(d.ledger, { secrets: d.secrets, sources: SOURCES }, confirm);
  const rootsIn = async ({ store }: Desk): Promise<readonly string[]> => {
    const sealed = [...(await store.slots.peppers()), ...(await store.slots.allSealed())];
    const under = sealed.map((one) => Buffer.from(one.sealed).toString().split(':')[0] ?? '');
    const wrapped = (await store.slots.all()).map(({ header }) => header.split(' ')[1] ?? '');
    return [...new Set([...under, ...wrapped])];
  };

  test('seals everything again, wraps it for every slot, and adds a pepper', async () => {
    const d = await desk();
    await addSlot(d.ledger, d.access, d.secrets, operator('second'));
    expect(await rootsIn(d)).toEqual(['1']);
    const plan = await run(d);
    expect([plan.kept.map(({ name }) => name), plan.dropped]).toEqual([['keychain', 'second'], []]);
    expect(await rootsIn(d)).toEqual(['2']);
    expect((await d.store.slots.peppers()).map(({ number }) => number)).toEqual([1, 2]);
    expect(d.secrets.outside).toEqual(await d.needed());
    expect((await d.store.audit.head())?.facts).toEqual({ kept: ['keychain', 'second'], dropped: [] });
  });

  test('leaves a log that is right under the new audit key', async () => {
    const d = await desk();
    await run(d);
    const [slot] = await d.store.slots.all();
    const after = d.secrets.operator(slot ?? someSlot());
    expect((await checkChain(d.store.audit, after.audit, d.anchor.mark)).bad).toBeNull();
    expect((await checkChain(d.store.audit, d.access.audit, d.anchor.mark)).bad).not.toBeNull();
  });

  test('leaves no mark in the anchor that the old key made', async () => {
    const d = await desk();
    await run(d);
    const head = await d.store.audit.head();
    expect(d.anchor).toMatchObject({ resets: 1, sealed: true, mark: { seq: head?.seq, head: head?.hash } });
  });

  test('is done although the anchor can not be written', async () => {
    const d = await desk();
    d.anchor.reset = () => {
      throw new Error('read-only');
    };
    const [before] = await d.store.slots.all();
    expect((await run(d)).kept[0]?.header).not.toBe(before?.header);
    expect(d.secrets.outside).toEqual(await d.needed());
    expect(await rootsIn(d)).toEqual(['2']);
    expect(d.anchorFailures).toEqual([new Error('read-only')]);
  });

  test('drops what can not be opened, after saying so', async () => {
    const d = await desk();
    const lost = await addSlot(d.ledger, d.access, d.secrets, operator('lost'));
    d.secrets.broken.set('lost', new Failure('passphrase_wrong', 'the passphrase does not open it'));
    const shown: RekeyPlan[] = [];
    await run(d, async (plan) => void shown.push(plan));
    expect(shown[0]?.dropped).toEqual([{ slot: lost, reason: 'the passphrase does not open it' }]);
    expect(await names(d)).toEqual(['keychain']);
    expect(d.secrets.outside).toEqual(await d.needed());
    expect((await actions(d)).slice(-2)).toEqual(['slot.remove', 'store.rekey']);
  });

  test('hands on the role of the primary slot when that is dropped', async () => {
    const d = await desk();
    const second = await addSlot(d.ledger, d.access, d.secrets, operator('second'));
    d.secrets.broken.set('keychain', new Failure('keychain_locked', 'locked'));
    const sources = { ...SOURCES, slot: second.id };
    await rekey(d.ledger, { secrets: d.secrets, sources }, async () => undefined);
    expect(await d.store.slots.primary()).toBe(second.id);
    expect(await names(d)).toEqual(['second']);
  });

  describe('leaves everything as it was', () => {
    const broken = (name: string, error: Error) => (d: Desk) => {
      d.secrets.broken.set(name, error);
      return run(d);
    };
    /** Sets the anchor while the question is open: it counts as it is when the new keys are written. */
    const marks = (d: Desk, change: Partial<AnchorMark>) => async () => {
      const head = await d.store.audit.head();
      if (head === undefined) throw new Error('there is no log');
      d.anchor.mark = { storeId: d.store.identity.id, seq: head.seq, head: head.hash, ...change };
    };
    const refused: readonly (readonly [string, (d: Desk) => Promise<unknown>, string])[] = [
      [
        'when the answer is no',
        (d) => run(d, () => Promise.reject(new Failure('cancelled', 'the answer was no'))),
        'the answer was no',
      ],
      [
        'when the slot that opened the store can not be wrapped',
        broken('keychain', new Failure('keychain_timeout', 'no answer')),
        'no answer',
      ],
      ['when this machine has seen more of the store', (d) => run(d, marks(d, { seq: 99 })), 'rolled back'],
      [
        'when this machine remembers another entry',
        (d) => run(d, marks(d, { head: new Uint8Array(32) })),
        'rolled back',
      ],
      [
        'when this machine knows another store',
        (d) => run(d, marks(d, { storeId: 'store_other' })),
        'another store',
      ],
      ['when a prompt is cancelled', broken('second', new Failure('cancelled', 'cancelled')), 'cancelled'],
      ['when something unexpected fails', broken('second', new Error('a bug')), 'a bug'],
      [
        'when slots change meanwhile',
        (d) => run(d, () => d.store.write((tx) => tx.write.slots.setPrimary(somebody))),
        'slots, peppers or sealed secrets changed meanwhile',
      ],
      [
        'when the log was edited, which the new key is not to vouch for',
        async (d) => {
          const [first] = await d.store.audit.from(1, 1);
          const from = d.store.audit.from.bind(d.store.audit);
          const edited = (log: Awaited<ReturnType<typeof from>>) =>
            log.map((entry) => (entry.seq === first?.seq ? { ...entry, actor: 'eve' } : entry));
          const write = d.store.write.bind(d.store);
          d.store.write = (work, options) =>
            write(
              (tx) =>
                work({
                  ...tx,
                  audit: { ...tx.audit, from: async (seq, n) => edited(await tx.audit.from(seq, n)) },
                }),
              options,
            );
          return run(d);
        },
        'the audit log is wrong from entry 1 on: it was changed; nothing was done',
      ],
    ];

    test.each(refused)('%s', async (_, work, reason) => {
      const d = await desk();
      await addSlot(d.ledger, d.access, d.secrets, operator('second'));
      const before = [
        await d.store.slots.all(),
        await d.store.slots.peppers(),
        await actions(d),
        new Set(d.secrets.outside),
      ];
      await expect(work(d)).rejects.toThrow(reason);
      expect([
        await d.store.slots.all(),
        await d.store.slots.peppers(),
        await actions(d),
        d.secrets.outside,
      ]).toEqual(before);
      expect(d.anchor.resets).toBe(0);
    });
  });
});

test('who is neither owner nor admin makes no new root key', async () => {
  const d = await desk();
  const ledger = { ...d.ledger, actor: { ...d.ledger.actor, name: 'eve' } };
  const before = [await d.store.slots.all(), [...d.secrets.outside]];
  const work = rekey(ledger, { secrets: d.secrets, sources: SOURCES }, async () => undefined);
  await expect(work).rejects.toMatchObject({ code: 'forbidden' });
  expect([await d.store.slots.all(), [...d.secrets.outside]]).toEqual(before);
});

test.each([
  ['while the answer to a refresh is awaited, whose tokens it would lose', 0, false, 'busy'],
  ['after a process that died', -120_000, false, undefined],
  ['beside a refresh that is known to be uncertain', 0, true, undefined],
])('a new root key %s', async (_, offset, uncertain, code) => {
  const d = await desk();
  const [workspace] = await d.store.workspaces.all();
  const app = someApp(workspace?.id ?? '');
  const grant = someGrant(app);
  await d.store.write(async (tx) => {
    await tx.write.apps.insert(app);
    await tx.write.grants.insert(grant);
    const sentAt = d.ledger.now() + offset;
    await tx.write.grants.putIntent({ grantId: grant.id, tokenVersion: 1, sentAt, uncertain });
  });
  const done = await rekey(d.ledger, { secrets: d.secrets, sources: SOURCES }, async () => undefined).catch(
    (error) => error,
  );
  expect(done.code).toBe(code);
});
