/** An address or block: its 4 or 16 bytes, and how many leading bits count. */
interface Block {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/**
 * A CIDR block in canonical form, or why it is none. A bare address is a block of one. Bits beyond
 * the prefix must be zero: `10.0.0.1/8` is more often a mistake than a network.
 */
export function parseNetwork(text: string): { network: string } | { reason: string } {
  const block = blockOf(text);
  if (block === undefined)
    return { reason: 'is not an IPv4 or IPv6 network such as 203.0.113.0/24 or 2001:db8::/32' };
  const base = masked(block);
  if (!same(base, block.bytes))
    return { reason: `has host bits set; did you mean ${format(base)}/${block.bits}?` };
  return { network: `${format(base)}/${block.bits}` };
}

/**
 * Does the address lie in one of the blocks? `::ffff:a.b.c.d` counts as the IPv4 address inside.
 * An address or a block that does not parse is never inside.
 */
export function inNetworks(address: string, networks: readonly string[]): boolean {
  const bytes = addressOf(address);
  if (bytes === undefined) return false;
  return networks.some((network) => {
    const block = blockOf(network);
    if (block === undefined || block.bytes.length !== bytes.length) return false;
    return same(masked(block), masked({ bytes, bits: block.bits }));
  });
}

/** Is the text an IPv4 or IPv6 address? */
export function isAddress(text: string): boolean {
  return addressOf(text) !== undefined;
}

function blockOf(text: string): Block | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const bytes = addressOf(address);
  if (bytes === undefined || more.length > 0) return undefined;
  const width = bytes.length * 8;
  if (prefix === undefined) return { bytes, bits: width };
  if (!/^(0|[1-9][0-9]{0,2})$/.test(prefix)) return undefined;
  // A prefix written against the IPv6 form of an IPv4 address counts the 96 bits in front of it.
  const bits = Number(prefix) - (address.includes(':') && width === 32 ? 96 : 0);
  return bits >= 0 && bits <= width ? { bytes, bits } : undefined;
}

function addressOf(text: string): readonly number[] | undefined {
  if (text.length > 45) return undefined;
  const bytes = text.includes(':') ? ipv6(text) : ipv4(text);
  const mapped = bytes?.length === 16 && bytes.slice(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 255));
  return mapped ? bytes?.slice(12) : bytes;
}

/** Four decimal numbers without leading zeros: RFC 6943 section 3.1.1 tells why other forms are refused. */
function ipv4(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return parts.map(Number);
}

/** RFC 4291 section 2.2: eight groups, one `::`, the last 32 bits perhaps as IPv4. No zone. */
function ipv6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] as string, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function groups(text: string, last: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const bytes: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (last && i === parts.length - 1 && part.includes('.')) {
      const four = ipv4(part);
      if (four === undefined) return undefined;
      bytes.push(...four);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      const value = Number.parseInt(part, 16);
      bytes.push(value >> 8, value & 255);
    } else return undefined;
  }
  return bytes;
}

function masked(block: Block): readonly number[] {
  return block.bytes.map((byte, i) => {
    const keep = Math.min(8, Math.max(0, block.bits - i * 8));
    return byte & (0xff << (8 - keep)) & 0xff;
  });
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** RFC 5952: lower case, no leading zeros, the longest run of zero groups as `::`. */
function format(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const words = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (words[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return words.join(':');
  return `${words.slice(0, best.start).join(':')}::${words.slice(best.start + best.length).join(':')}`;
}
