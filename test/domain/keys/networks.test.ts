import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inNetworks, isAddress, parseNetwork } from '../../../src/domain/keys/networks.ts';

const ipv4 = fc.oneof(fc.ipV4(), fc.constantFrom('0.0.0.0', '255.255.255.255', '10.0.0.1', '127.0.0.1'));
const ipv6 = fc.oneof(
  fc.ipV6(),
  fc.constantFrom('::', '::1', '2001:db8::', 'fe80::1', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7::', '::ffff:0:0:1'),
);
/** Texts that are nearly addresses. */
const nearly = fc
  .array(
    fc.constantFrom(
      '0',
      '1',
      '01',
      '255',
      '256',
      'f',
      'ffff',
      '10000',
      ':',
      '::',
      '.',
      '%eth0',
      ' ',
      '/',
      '-1',
      '1.2.3.4',
    ),
    {
      maxLength: 12,
    },
  )
  .map((pieces) => pieces.join(''));

describe('addresses', () => {
  test.each([
    ['203.0.113.7', true],
    ['0.0.0.0', true],
    ['2001:db8::1', true],
    ['2001:DB8::1', true],
    ['::', true],
    ['::ffff:203.0.113.7', true],
    ['64:ff9b::192.0.2.33', true],
    ['1:2:3:4:5:6:1.2.3.4', true],
    ['', false],
    ['203.0.113', false],
    ['203.0.113.07', false],
    ['203.0.113.256', false],
    ['0xcb.0.113.7', false],
    ['3405803783', false],
    ['127.1', false],
    ['203.0.113.7 ', false],
    ['203.0.113.7\n', false],
    ['203.0.113.7:443', false],
    ['[2001:db8::1]', false],
    ['fe80::1%eth0', false],
    [':::', false],
    ['1::2::3', false],
    ['1:2:3:4:5:6:7', false],
    ['1:2:3:4:5:6:7:8:9', false],
    ['1:2:3:4:5:6:7:8::', false],
    ['1.2.3.4::', false],
    ['::1.2.3.4:5', false],
    ['12345::', false],
    ['٢٠٣.0.113.7', false],
    ['localhost', false],
    ['1'.repeat(1_000_000), false],
    [':'.repeat(1_000_000), false],
  ])('%j: %s', (text, expected) => {
    expect(isAddress(text)).toBe(expected);
  });

  test("agree with Node's own parser, but for zones", () => {
    const check = (text: string): boolean => isAddress(text) === (isIP(text) !== 0 && !text.includes('%'));
    fc.assert(fc.property(fc.oneof(ipv4, ipv6, nearly), check), { numRuns: 3000 });
  });
});

/** What Node's BlockList says, once an IPv4 address in IPv6 clothes is undressed. */
function oracle(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '');
  if (isIPv4(plain) !== isIPv4(base)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), isIPv4(base) ? 'ipv4' : 'ipv6');
  return list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
}

describe('an address in a network', () => {
  test.each([
    ['203.0.113.7', '203.0.113.0/24', true],
    ['203.0.114.7', '203.0.113.0/24', false],
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.8', '203.0.113.7', false],
    ['203.0.113.7', '0.0.0.0/0', true],
    ['2001:db8::1', '2001:db8::/32', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['2001:0DB8:0:0::1', '2001:db8::1', true],
    // The two families stay apart, but for IPv4 in IPv6 clothes.
    ['203.0.113.7', '::/0', false],
    ['2001:db8::1', '0.0.0.0/0', false],
    ['::ffff:203.0.113.7', '203.0.113.0/24', true],
    ['::FFFF:CB00:7107', '203.0.113.0/24', true],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.0/24', true],
    ['203.0.113.7', '::ffff:203.0.113.0/120', true],
    ['203.0.114.7', '::ffff:203.0.113.0/120', false],
    ['203.0.113.7', '::ffff:0:0/96', true],
    ['::ffff:203.0.113.7', '::/0', false],
    // Only ::ffff:0:0/96 is IPv4.
    ['::203.0.113.7', '203.0.113.0/24', false],
    ['64:ff9b::203.0.113.7', '203.0.113.0/24', false],
  ])('%s in %s: %s', (address, network, expected) => {
    expect(inNetworks(address, [network])).toBe(expected);
  });

  test.each([
    '',
    '/',
    '/0',
    '0.0.0.0/',
    '0.0.0.0/33',
    '0.0.0.0/-1',
    '0.0.0.0/00',
    '0.0.0.0/0/0',
    '0.0.0.0/1e0',
    '*',
    'any',
    '203.0.113.7/0x20',
    '::ffff:0:0/95',
    '__proto__',
    '10.0.0.0/8,0.0.0.0/0',
  ])('nothing is in %j', (network) => {
    expect(inNetworks('203.0.113.7', [network])).toBe(false);
  });

  test.each(['', 'unknown', '203.0.113.7, 10.0.0.1', '203.0.113.7%0', '203.0.113.007'])(
    '%j is in nothing',
    (address) => {
      expect(inNetworks(address, ['0.0.0.0/0', '::/0'])).toBe(false);
    },
  );

  test('one of several is enough, and one that does not parse takes nothing away', () => {
    expect(inNetworks('10.1.2.3', ['bad', '203.0.113.0/24', '10.0.0.0/8'])).toBe(true);
    expect(inNetworks('10.1.2.3', [])).toBe(false);
  });

  test("agrees with Node's BlockList", () => {
    const network = fc.oneof(
      fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })),
      fc.tuple(
        ipv6.filter((text) => !/\./.test(text)),
        fc.integer({ min: 0, max: 128 }),
      ),
    );
    // Half of the addresses lie near the network, else hardly any would be inside.
    const near = fc.tuple(network, fc.boolean(), fc.oneof(ipv4, ipv6), fc.boolean());
    const check = ([[base, bits], inside, other, dressed]: readonly [
      readonly [string, number],
      boolean,
      string,
      boolean,
    ]): void => {
      const bare = inside ? base : other;
      const address = dressed && isIPv4(bare) ? `::ffff:${bare}` : bare;
      expect(inNetworks(address, [`${base}/${bits}`])).toBe(oracle(address, `${base}/${bits}`));
    };
    fc.assert(fc.property(near, check), { numRuns: 2000 });
  });
});

describe('writing a network down', () => {
  test.each([
    ['203.0.113.0/24', '203.0.113.0/24'],
    ['203.0.113.7', '203.0.113.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:0:0:0:0:0/32', '2001:db8::/32'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['::/0', '::/0'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1/128'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1/128'],
    ['::ffff:203.0.113.0/120', '203.0.113.0/24'],
    ['::ffff:cb00:7107', '203.0.113.7/32'],
  ])('%s becomes %s', (text, network) => {
    expect(parseNetwork(text)).toEqual({ network });
  });

  test.each([
    ['10.0.0.1/8', 'did you mean 10.0.0.0/8?'],
    ['2001:db8::1/32', 'did you mean 2001:db8::/32?'],
    ['', 'is not an IPv4 or IPv6 network'],
    ['example.com', 'is not an IPv4 or IPv6 network'],
    ['10.0.0.0/33', 'is not an IPv4 or IPv6 network'],
    ['10.0.0.0/08', 'is not an IPv4 or IPv6 network'],
    [' 10.0.0.0/8', 'is not an IPv4 or IPv6 network'],
    ['::ffff:0:0/90', 'is not an IPv4 or IPv6 network'],
  ])('%j is refused: %s', (text, why) => {
    expect(parseNetwork(text)).toEqual({ reason: expect.stringContaining(why) });
  });

  test('what is written is read as the same network, and written the same again', () => {
    const check = (address: string): void => {
      const parsed = parseNetwork(address);
      if ('reason' in parsed) return;
      expect(inNetworks(address, [parsed.network])).toBe(true);
      expect(parseNetwork(parsed.network)).toEqual(parsed);
      const [base = ''] = parsed.network.split('/');
      // The shape of RFC 5952, which the URL parser writes, too.
      if (isIPv6(base)) expect(new URL(`http://[${base}]`).hostname).toBe(`[${base}]`);
    };
    fc.assert(fc.property(fc.oneof(ipv4, ipv6), check), { numRuns: 1000 });
  });
});
