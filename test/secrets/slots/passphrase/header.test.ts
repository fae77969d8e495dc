import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePassphraseHeader, passphraseHeader } from '../../../../src/secrets/slots/passphrase/header.ts';
import { failureOf } from '../../fixture.ts';

const parse = (header: string) =>
  parsePassphraseHeader({ name: 'recovery', kind: 'passphrase', role: 'operator', header });
const salt = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const GOOD = 'keywright-slot/1 passphrase operator argon2id v=19 m=65536,t=3,p=4 salt=AAECAwQFBgcICQoLDA0ODw';

test('one spelling, there and back', () => {
  expect(parse(GOOD)).toEqual({ memory: 65536, passes: 3, lanes: 4, salt });
  expect(passphraseHeader('operator', parse(GOOD))).toBe(GOOD);
});

const BATTERY: [string, string, string][] = [
  ['m=4 GiB', 'm=65536', 'm=4194304'],
  ['m just above 1 GiB', 'm=65536', 'm=1048577'],
  ['m too large for a number', 'm=65536', `m=${'9'.repeat(400)}`],
  ['m below what argon2 takes', 'm=65536', 'm=31'],
  ['t=2^32-1', 't=3', 't=4294967295'],
  ['t=17', 't=3', 't=17'],
  ['t=0', 't=3', 't=0'],
  ['p=0', 'p=4', 'p=0'],
  ['p=17', 'p=4', 'p=17'],
  ['a sign', 'm=65536', 'm=+65536'],
  ['a minus', 't=3', 't=-3'],
  ['a leading zero', 'm=65536', 'm=065536'],
  ['hexadecimal', 'm=65536', 'm=0x10000'],
  ['an exponent', 'm=65536', 'm=6e4'],
  ['a missing number', 'm=65536', 'm='],
  ['a missing field', 't=3,', ''],
  ['swapped fields', 'm=65536,t=3', 't=3,m=65536'],
  ['another argon2', 'argon2id', 'argon2i'],
  ['an older version', 'v=19', 'v=16'],
  ['a newer format', 'slot/1', 'slot/2'],
  ['another kind', 'passphrase operator', 'keychain operator'],
  ['another role', 'operator', 'verifier'],
  ['two spaces', ' salt', '  salt'],
  ['a space at the end', 'Dw', 'Dw '],
  ['a newline at the end', 'Dw', 'Dw\n'],
  ['a second line', 'Dw', `Dw\n${GOOD}`],
  ['a short salt', 'AAEC', ''],
  ['a long salt', 'AAEC', 'AAECAAEC'],
  ['padding', 'Dw', 'Dw=='],
  ['a salt in another spelling', 'Dw', 'Dx'],
  ['plain base64', 'AAEC', '++//'],
  ['nothing', GOOD, ''],
];

/** What of the battery a parser takes. */
function taken(parser: (header: string) => unknown): string[] {
  const accepts = (header: string): boolean => {
    try {
      return parser(header) !== undefined;
    } catch {
      return false;
    }
  };
  return BATTERY.filter(([, part, other]) => accepts(GOOD.replace(part, other))).map(([what]) => what);
}

test.each(BATTERY)('refused with its class: %s', async (_, part, other) => {
  expect(GOOD).toContain(part);
  expect((await failureOf(() => parse(GOOD.replace(part, other)))).code).toBe('slot_damaged');
});

test('the battery sees a parser that is loose, and one without limits', () => {
  const fields = (header: string): string[] | undefined =>
    /m=(.*),t=(.*),p=(.*) salt=/.exec(header)?.slice(1);
  const loose = (header: string) =>
    fields(header)?.every((text) => Number.isFinite(Number(text))) ? true : undefined;
  const unlimited = (header: string) =>
    fields(header)?.every((text) => /^[1-9]\d*$/.test(text)) ? true : undefined;
  expect(taken(parse)).toEqual([]);
  expect(taken(loose)).toEqual(
    expect.arrayContaining(['a sign', 'a leading zero', 'hexadecimal', 'a missing number']),
  );
  expect(taken(unlimited)).toEqual(expect.arrayContaining(['m=4 GiB', 't=2^32-1', 'p=17']));
});

test('whatever parses is spelled as it would be written', () => {
  const numeral = fc.oneof(fc.nat(2 ** 21).map(String), fc.stringMatching(/^[0-9+x-]{0,6}$/));
  fc.assert(
    fc.property(numeral, numeral, numeral, (m, t, p) => {
      const header = GOOD.replace('m=65536,t=3,p=4', `m=${m},t=${t},p=${p}`);
      try {
        expect(passphraseHeader('operator', parse(header))).toBe(header);
      } catch (error) {
        expect(error).toMatchObject({ code: 'slot_damaged' });
      }
    }),
  );
});
