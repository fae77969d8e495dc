import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linesOf } from '../../src/terminal/lines.ts';

async function* pieces(content: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function read(text: string, size: number, maxBytes = 1000) {
  const lines: (string | null)[] = [];
  for await (const some of linesOf(pieces(Buffer.from(text), size), maxBytes)) lines.push(...some);
  return lines;
}

describe('linesOf', () => {
  test.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\r\nb\n', ['a', 'b']],
    ['\n\na', ['', '', 'a']],
    ['a\rb\n', ['a\rb']],
    ['é日\n👍', ['é日', '👍']],
  ])('splits %j', async (text, lines) => {
    for (const size of [1, 2, 3, 1000]) expect(await read(text, size)).toEqual(lines);
  });

  test('a line that is too long is told, and the ones around it are whole', async () => {
    for (const size of [1, 7, 64, 10_000]) {
      expect(
        await read(`ok\n${'x'.repeat(50)}\n${'y'.repeat(51)}\r\nok\n${'z'.repeat(99)}`, size, 50),
      ).toEqual(['ok', 'x'.repeat(50), null, 'ok', null]);
    }
  });

  test('a carriage return does not count as part of the line', async () => {
    for (const size of [1, 50, 51, 52, 100]) {
      expect(await read(`${'x'.repeat(50)}\r\n`, size, 50)).toEqual(['x'.repeat(50)]);
    }
  });

  test('splits as String.split does, wherever the pieces end', async () => {
    const text = fc
      .array(fc.constantFrom('a', 'é', '👍', '\n', '\r\n', ''), { maxLength: 50 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (content, size) => {
        const expected = content.split(/\r?\n/);
        if (expected.at(-1) === '') expected.pop();
        expect(await read(content, size)).toEqual(expected);
      }),
    );
  });

  test('hands over at once, and together, what arrived together', async () => {
    const seen: (readonly (string | null)[])[] = [];
    const stream = async function* () {
      yield 'a\nb\nc';
      expect(seen).toEqual([['a', 'b']]);
      yield 'd';
      yield '\r\n';
      expect(seen).toEqual([['a', 'b'], ['cd']]);
      yield 'e';
    };
    for await (const some of linesOf(stream(), 10)) seen.push(some);
    expect(seen).toEqual([['a', 'b'], ['cd'], ['e']]);
  });

  test('holds no more of an endless line than the limit', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, 0x78);
    async function* endless() {
      for (let i = 0; i < 300; i++) yield megabyte;
    }
    const before = process.memoryUsage().arrayBuffers;
    let lines = 0;
    for await (const some of linesOf(endless(), 4096)) {
      expect(some).toEqual([null]);
      lines++;
    }
    expect(lines).toBe(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1024 * 1024);
  });
});
