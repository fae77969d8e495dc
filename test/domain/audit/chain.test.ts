import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chain, entryHash, GENESIS, hex, sameBytes } from '../../../src/domain/audit/chain.ts';
import type { AuditEntry, NewEntry } from '../../../src/domain/audit/entry.ts';
import { fakeSealer } from '../../support/fake-ledger.ts';

const SIGNATURE = { at: 1_767_225_600_000, actor: 'ana', osUser: 'root' };
const ENTRY: NewEntry = {
  action: 'key.create',
  target: 'key_1',
  workspaceId: 'ws_1',
  facts: { name: 'billing' },
};

test('the frozen form of an entry', () => {
  const [entry] = chain(undefined, [ENTRY], SIGNATURE, undefined) as [AuditEntry];
  const canonical = `["keywright/audit/1",1,1767225600000,"ana","root","key.create","key_1","ws_1",{"name":"billing"},true,"${'0'.repeat(64)}"]`;
  expect(hex(entry.hash)).toBe(createHash('sha256').update(canonical).digest('hex'));
  expect(hex(entry.hash)).toBe('4829ebc2bdfc39ebc72f311c8ec7cbeb454bec4279833ee459820735f651f720');
});

describe('the entries of one transaction', () => {
  const sealer = fakeSealer();

  test('continue the head and one another; the last carries the seal', () => {
    const head = { seq: 41, hash: new Uint8Array(32).fill(7) };
    const [one, two, three] = chain(head, [ENTRY, ENTRY, ENTRY], SIGNATURE, sealer) as [
      AuditEntry,
      AuditEntry,
      AuditEntry,
    ];
    expect([one.seq, two.seq, three.seq]).toEqual([42, 43, 44]);
    expect(one.prev).toEqual(head.hash);
    expect(two.prev).toEqual(one.hash);
    expect(three.prev).toEqual(two.hash);
    expect([one.seal, two.seal]).toEqual([null, null]);
    expect(three.seal).toEqual(sealer.seal(44, three.hash));
    for (const entry of [one, two, three]) {
      expect(entry).toMatchObject({ ...ENTRY, ...SIGNATURE, locked: false });
      expect(entryHash(entry)).toEqual(entry.hash);
    }
  });

  test('are marked and unsealed while locked', () => {
    const entries = chain(undefined, [ENTRY, ENTRY], SIGNATURE, undefined);
    expect(entries.map(({ locked, seal }) => [locked, seal])).toEqual([
      [true, null],
      [true, null],
    ]);
    expect(entries[0]?.prev).toEqual(GENESIS);
  });

  test('may be none', () => {
    expect(chain({ seq: 5, hash: GENESIS }, [], SIGNATURE, sealer)).toEqual([]);
  });
});

describe('the hash', () => {
  const text = fc.string({ unit: 'binary', maxLength: 8 });
  const fact = fc.oneof(
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(text, { maxLength: 2 }),
  );
  const facts = fc.dictionary(text, fact, { maxKeys: 3 });
  const open = fc.record({
    seq: fc.nat(),
    at: fc.nat(),
    actor: text,
    osUser: fc.option(text),
    action: text,
    target: text,
    workspaceId: fc.option(text),
    facts,
    locked: fc.boolean(),
    prev: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  });

  test('changes with every part of the entry', () => {
    const check = (a: Parameters<typeof entryHash>[0], b: typeof a): void => {
      for (const part of Object.keys(a) as (keyof typeof a)[]) {
        const mixed = { ...a, [part]: b[part] };
        const same = JSON.stringify([a[part]]) === JSON.stringify([b[part]]);
        expect(sameBytes(entryHash(mixed), entryHash(a))).toBe(same);
      }
    };
    fc.assert(fc.property(open, open, check), { numRuns: 200 });
  });

  test('is not fooled by text that moves from one part to the next', () => {
    const one = { ...ENTRY, ...SIGNATURE, seq: 1, locked: false, prev: GENESIS };
    expect(entryHash({ ...one, actor: 'a","b', osUser: 'c' })).not.toEqual(
      entryHash({ ...one, actor: 'a', osUser: 'b","c' }),
    );
    expect(entryHash({ ...one, actor: 'ab', osUser: 'c' })).not.toEqual(
      entryHash({ ...one, actor: 'a', osUser: 'bc' }),
    );
    expect(entryHash({ ...one, osUser: null })).not.toEqual(entryHash({ ...one, osUser: 'null' }));
  });
});

test('bytes are compared and written as hex, views of a larger buffer, too', () => {
  const view = new Uint8Array(Uint8Array.of(9, 0, 255, 16, 9).buffer, 1, 3);
  expect(hex(view)).toBe('00ff10');
  expect(sameBytes(view, Uint8Array.of(0, 255, 16))).toBe(true);
  expect(sameBytes(view, Uint8Array.of(0, 255))).toBe(false);
});
