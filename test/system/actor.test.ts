import { describe, expect, test } from 'vitest';
import { actorOf } from '../../src/system/actor.ts';

describe('actorOf', () => {
  test('the flag comes before the variable, that before the OS user', () => {
    const given = { flag: 'ana', variable: 'ci', osUser: 'root' };
    expect(actorOf(given)).toEqual({ name: 'ana', from: '--actor', osUser: 'root' });
    expect(actorOf({ ...given, flag: undefined })).toEqual({
      name: 'ci',
      from: 'KEYWRIGHT_ACTOR',
      osUser: 'root',
    });
    for (const variable of [undefined, '']) {
      expect(actorOf({ ...given, flag: undefined, variable })).toEqual({
        name: 'root',
        from: 'OS user',
        osUser: 'root',
      });
    }
  });

  test('is NFC, so that one person has one name', () => {
    expect(actorOf({ flag: 'Ame\u0301lie', variable: undefined, osUser: 'x' }).name).toBe('Am\u00e9lie');
  });

  test.each(['', '   ', 'a\nb', 'a\x1b[2J', 'x'.repeat(101), '\u2028', '\ud800'])('refuses %j', (flag) => {
    expect(() => actorOf({ flag, variable: 'ci', osUser: 'root' })).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });

  test('counts characters, not code units', () => {
    expect(actorOf({ flag: '👍'.repeat(100), variable: undefined, osUser: 'x' }).from).toBe('--actor');
  });
});
