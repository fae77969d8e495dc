/**
 * As much of the D-Bus wire protocol as a stub of the Secret Service needs: little-endian messages,
 * marshalled by signature (D-Bus specification, "Marshaling (Wire Format)"). Structs and dictionary
 * entries are arrays, variants are `{ sig, value }`.
 */
export interface Variant {
  readonly sig: string;
  readonly value: unknown;
}

const ALIGN: Record<string, number> = {
  y: 1,
  g: 1,
  v: 1,
  b: 4,
  u: 4,
  i: 4,
  s: 4,
  o: 4,
  a: 4,
  '(': 8,
  '{': 8,
  t: 8,
};

/** The complete types of a signature. */
export function typesOf(sig: string): string[] {
  const types: string[] = [];
  for (let at = 0; at < sig.length; ) {
    const end = endOfType(sig, at);
    types.push(sig.slice(at, end));
    at = end;
  }
  return types;
}

function endOfType(sig: string, at: number): number {
  if (sig[at] === 'a') return endOfType(sig, at + 1);
  if (sig[at] !== '(' && sig[at] !== '{') return at + 1;
  let end = at + 1;
  while (sig[end] !== ')' && sig[end] !== '}') end = endOfType(sig, end);
  return end + 1;
}

export class Writer {
  #bytes: number[] = [];

  get bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }

  align(to: number): void {
    while (this.#bytes.length % to !== 0) this.#bytes.push(0);
  }

  u32(value: number): void {
    this.align(4);
    this.#bytes.push(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255);
  }

  write(type: string, value: unknown): void {
    const kind = type[0] ?? '';
    this.align(ALIGN[kind] ?? 1);
    if (kind === 'y') this.#bytes.push(Number(value));
    else if (kind === 'u' || kind === 'b' || kind === 'i') this.u32(Number(value));
    else if (kind === 's' || kind === 'o') this.#text(String(value));
    else if (kind === 'g') this.#bytes.push(String(value).length, ...Buffer.from(`${value}\0`));
    else if (kind === 'v') this.#variant(value as Variant);
    else if (kind === 'a') this.#array(type.slice(1), value as unknown[]);
    else this.#struct(type, value as unknown[]);
  }

  #text(text: string): void {
    const bytes = Buffer.from(`${text}\0`);
    this.u32(bytes.length - 1);
    this.#bytes.push(...bytes);
  }

  #variant({ sig, value }: Variant): void {
    this.write('g', sig);
    this.write(sig, value);
  }

  #struct(type: string, values: unknown[]): void {
    for (const [index, inner] of typesOf(type.slice(1, -1)).entries()) this.write(inner, values[index]);
  }

  #array(type: string, values: unknown[]): void {
    this.u32(0);
    const lengthAt = this.#bytes.length - 4;
    this.align(ALIGN[type[0] ?? ''] ?? 1);
    const start = this.#bytes.length;
    for (const value of values) this.write(type, value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(this.#bytes.length - start);
    this.#bytes.splice(lengthAt, 4, ...length);
  }
}

export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  align(to: number): void {
    this.#at = Math.ceil(this.#at / to) * to;
  }

  read(type: string): unknown {
    const kind = type[0] ?? '';
    this.align(ALIGN[kind] ?? 1);
    if (kind === 'y') return this.#bytes.readUInt8(this.#at++);
    if (kind === 'u' || kind === 'b' || kind === 'i') return this.#u32();
    if (kind === 's' || kind === 'o') return this.#text(this.#u32());
    if (kind === 'g') return this.#text(this.#bytes.readUInt8(this.#at++));
    if (kind === 'v') {
      const sig = String(this.read('g'));
      return { sig, value: this.read(sig) };
    }
    if (kind === 'a') return this.#array(type.slice(1));
    return typesOf(type.slice(1, -1)).map((inner) => this.read(inner));
  }

  #u32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32LE(this.#at - 4);
  }

  #text(length: number): string {
    this.#at += length + 1;
    return this.#bytes.toString('utf8', this.#at - length - 1, this.#at - 1);
  }

  #array(type: string): unknown[] {
    const length = this.#u32();
    this.align(ALIGN[type[0] ?? ''] ?? 1);
    const end = this.#at + length;
    const values: unknown[] = [];
    while (this.#at < end) values.push(this.read(type));
    return values;
  }
}
