import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { anchorFor } from '../../src/system/anchor.ts';
import { SLOT_SIZE } from '../../src/system/anchor-slot.ts';

const uid = process.geteuid?.();
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'anchor-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const open = (storePath = path.join(folder, 'keywright.db')) =>
  anchorFor({ folder: path.join(folder, 'anchors'), storePath, uid });
const mark = (seq: number, storeId = 'store_000000000001') => ({
  storeId,
  seq,
  head: new Uint8Array(32).fill(seq % 256),
});
const mac = (key: string) => (body: Uint8Array) => createHmac('sha256', key).update(body).digest();
const right = mac('right');
const refusal = (code: string) => expect.objectContaining({ code });

describe('the anchor', () => {
  test('remembers nothing at first, then the highest mark', () => {
    const anchor = open();
    expect(anchor.read()).toBeUndefined();
    for (const seq of [1, 2, 3, 5]) {
      anchor.raise(mark(seq), right);
      expect(open().read(right)).toEqual(mark(seq));
    }
  });

  test('is only ever raised', () => {
    const anchor = open();
    const seqs = fc.array(fc.nat(20), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(seqs, (raises) => {
        anchor.reset(undefined);
        for (const seq of raises) anchor.raise(mark(seq), seq % 2 ? right : undefined);
        expect(anchor.read(right)).toEqual(mark(Math.max(...raises)));
      }),
      { numRuns: 50 },
    );
  });

  test('leaves the mark of another store alone until it is reset', () => {
    const anchor = open();
    anchor.raise(mark(7));
    anchor.raise(mark(9, 'store_other0000000'));
    expect(anchor.read()).toEqual(mark(7));
    anchor.reset(mark(2, 'store_other0000000'), right);
    expect(anchor.read(right)).toEqual(mark(2, 'store_other0000000'));
    anchor.reset(undefined);
    expect(anchor.read()).toBeUndefined();
  });

  test('is one for each place, whatever way the place is named', () => {
    fs.mkdirSync(path.join(folder, 'real'));
    fs.symlinkSync(path.join(folder, 'real'), path.join(folder, 'link'));
    open(path.join(folder, 'real', 'a.db')).raise(mark(1));
    expect(open(path.join(folder, 'link', 'a.db')).read()).toEqual(mark(1));
    expect(open(path.join(folder, 'real', '..', 'link', 'a.db')).read()).toEqual(mark(1));
    expect(open(path.join(folder, 'real', 'b.db')).read()).toBeUndefined();
  });

  test('has the same name before its folder is made, below a linked one', () => {
    fs.mkdirSync(path.join(folder, 'real'));
    fs.symlinkSync(path.join(folder, 'real'), path.join(folder, 'link'));
    const storePath = path.join(folder, 'link', 'not yet', 'deeper', 'a.db');
    const before = open(storePath).path;
    fs.mkdirSync(path.dirname(storePath), { recursive: true });
    expect(open(storePath).path).toBe(before);
    expect(open(path.join(folder, 'real', 'not yet', 'deeper', 'a.db')).path).toBe(before);
  });

  test('is overwritten in place: no other file, the same inode, two fixed slots', () => {
    const anchor = open();
    anchor.raise(mark(1));
    anchor.raise(mark(2));
    const before = fs.statSync(anchor.path);
    for (let seq = 3; seq < 20; seq++) anchor.raise(mark(seq));
    const after = fs.statSync(anchor.path);
    expect([after.ino, after.size]).toEqual([before.ino, 2 * SLOT_SIZE]);
    expect(fs.readdirSync(path.dirname(anchor.path))).toHaveLength(1);
  });
});

describe('two processes that raise at once', () => {
  test('a higher mark made while a lower one gets its MAC stays', () => {
    const anchor = open();
    for (const seq of [9, 10]) anchor.raise(mark(seq), right);
    anchor.raise(mark(11), (body) => {
      open().raise(mark(12), right);
      return right(body);
    });
    expect(anchor.read(right)).toEqual(mark(12));
  });

  test('a higher mark that a lower one was written over is written again', () => {
    const anchor = open();
    for (const seq of [9, 10, 11]) anchor.raise(mark(seq), right);
    const late = fs.readFileSync(anchor.path);
    anchor.reset(undefined);
    for (const seq of [9, 10]) anchor.raise(mark(seq), right);
    overtaken(
      () => fs.writeFileSync(anchor.path, late),
      () => anchor.raise(mark(12), right),
    );
    expect(anchor.read(right)).toEqual(mark(12));
  });

  /** Does `other` once, right after the first write of `work`. */
  function overtaken(other: () => void, work: () => void): void {
    const original = fs.writeSync;
    const write = vi.spyOn(fs, 'writeSync').mockImplementationOnce(((
      ...args: Parameters<typeof original>
    ) => {
      const size = original(...args);
      other();
      return size;
    }) as typeof original);
    try {
      work();
      expect(write).toHaveBeenCalled();
    } finally {
      write.mockRestore();
    }
  }
});

describe('a torn or changed slot', () => {
  test('loses the newer mark at most, at whatever byte the write was cut', () => {
    const anchor = open();
    anchor.raise(mark(1), right);
    anchor.raise(mark(2), right);
    const old = fs.readFileSync(anchor.path);
    anchor.raise(mark(3), right);
    const written = fs.readFileSync(anchor.path);
    const seen = new Set<number | undefined>();
    for (let cut = 0; cut <= SLOT_SIZE; cut++) {
      fs.writeFileSync(anchor.path, Buffer.concat([written.subarray(0, cut), old.subarray(cut)]));
      seen.add(anchor.read(right)?.seq);
    }
    expect([...seen].sort()).toEqual([2, 3]);
    fs.writeFileSync(anchor.path, Buffer.concat([written.subarray(0, 20), old.subarray(20)]));
    anchor.raise(mark(4), right);
    expect(anchor.read(right)).toEqual(mark(4));
  });

  test('any flipped bit is noticed: refused, ignored or tampered with, never another mark', () => {
    const anchor = open();
    anchor.raise(mark(1), right);
    const good = fs.readFileSync(anchor.path);
    for (let bit = 0; bit < 124 * 8; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      fs.writeFileSync(anchor.path, bad);
      if (bit < 64) expect(() => anchor.read(right)).toThrow(refusal('store_unreadable'));
      else expect(anchor.read(right)).toBeUndefined();
    }
  });

  test('a wrong MAC is left out with a check and told; a mark made while locked has none', () => {
    const anchor = open();
    anchor.raise(mark(1), right);
    anchor.raise(mark(2), mac('wrong'));
    expect([anchor.read()?.seq, anchor.read(right)?.seq, anchor.tampered(right)]).toEqual([2, 1, true]);
    anchor.reset(mark(3));
    expect([anchor.read(right)?.seq, anchor.tampered(right)]).toEqual([3, false]);
    anchor.raise(mark(3), right);
    expect([anchor.read(right)?.seq, anchor.read(mac('wrong'))?.seq]).toEqual([3, 3]);
    anchor.raise(mark(4), right);
    expect([anchor.read(right)?.seq, anchor.read(mac('wrong'))]).toEqual([4, undefined]);
  });
});

describe.skipIf(uid === undefined)('what is refused (case 18)', () => {
  test('a symbolic link, dangling or not, a hard link, a folder, foreign content', () => {
    const anchor = open();
    anchor.raise(mark(1));
    fs.rmSync(anchor.path);
    const victim = path.join(folder, 'victim');
    const refused = (code: string) => {
      expect(() => anchor.read()).toThrow(refusal(code));
      expect(() => anchor.raise(mark(2))).toThrow(refusal(code));
    };

    fs.symlinkSync(victim, anchor.path);
    refused('store_permissions');
    fs.writeFileSync(victim, '', { mode: 0o600 });
    refused('store_permissions');
    expect(() => anchor.reset(mark(2))).toThrow(refusal('store_permissions'));
    fs.rmSync(anchor.path);
    fs.linkSync(victim, anchor.path);
    refused('store_permissions');
    expect(() => anchor.reset(mark(2))).toThrow(refusal('store_permissions'));
    expect(fs.statSync(victim).size).toBe(0);
    fs.rmSync(anchor.path);
    for (const content of ['not an anchor', Buffer.alloc(2 * SLOT_SIZE + 1)]) {
      fs.writeFileSync(anchor.path, content, { mode: 0o600 });
      refused('store_unreadable');
      expect(fs.readFileSync(anchor.path)).toEqual(Buffer.from(content));
    }
    anchor.reset(mark(2));
    expect(anchor.read()).toEqual(mark(2));
  });

  test('a file that others can read, and a folder that others can enter', () => {
    const anchor = open();
    anchor.raise(mark(1));
    expect(fs.statSync(anchor.path).mode & 0o777).toBe(0o600);
    fs.chmodSync(anchor.path, 0o644);
    expect(() => anchor.read()).toThrow(refusal('store_permissions'));
    fs.rmSync(anchor.path);
    anchor.raise(mark(1));
    for (const around of [path.dirname(anchor.path), folder]) {
      fs.chmodSync(around, 0o755);
      expect(() => anchor.raise(mark(2))).toThrow(refusal('store_permissions'));
      expect(() => anchor.read()).toThrow(refusal('store_permissions'));
      fs.chmodSync(around, 0o700);
    }
    expect(anchor.read()).toEqual(mark(1));
  });
});
