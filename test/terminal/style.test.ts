import { describe, expect, test } from 'vitest';
import { PLAIN, styleFor, wantsColor } from '../../src/terminal/style.ts';

describe('wantsColor (case 173)', () => {
  test.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ TERM: 'dumb' }, true, false],
    [{ TERM: 'dumb', FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: 'false' }, true, false],
  ])('%j on a terminal: %s gives %s', (env: { [name: string]: string }, isTTY, colored) => {
    expect(wantsColor((name) => env[name], isTTY)).toBe(colored);
  });
});

test('the plain style adds nothing, the other only colour', async () => {
  expect(await styleFor(false)).toBe(PLAIN);
  const style = await styleFor(true);
  expect(PLAIN.red('x')).toBe('x');
  expect([style.red('x'), style.dim('x')]).toEqual(['\x1b[31mx\x1b[39m', '\x1b[2mx\x1b[22m']);
});
