/** Something secret, and what it is called when it turns up where it shouldn't. */
export interface Canary {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function canary(name: string, text: string): Canary {
  return { name, bytes: Buffer.from(text) };
}

/** Names of the canaries in these bytes, each with the form in which it is there. */
export function canariesIn(haystack: Uint8Array, canaries: readonly Canary[]): string[] {
  const bytes = Buffer.from(haystack);
  return canaries.flatMap(({ name, bytes: secret }) =>
    formsOf(secret)
      .filter(([, form]) => bytes.includes(form))
      .map(([form]) => `${name} (${form})`),
  );
}

/** Every form in which a program might write bytes down. */
function formsOf(secret: Uint8Array): [name: string, form: Buffer][] {
  const bytes = Buffer.from(secret);
  const text = bytes.toString();
  const url: [string, Buffer] = ['URL', Buffer.from(encodeURIComponent(text))];
  const wide = Buffer.from(text, 'utf16le');
  return [
    ['raw', bytes],
    ['hex', Buffer.from(bytes.toString('hex'))],
    ['upper-case hex', Buffer.from(bytes.toString('hex').toUpperCase())],
    ['UTF-16LE', wide],
    ['UTF-16BE', Buffer.from(wide).swap16()],
    ...(encodeURIComponent(text) === text ? [] : [url]),
    ['JSON array', Buffer.from([...bytes].join(','))],
    ...aligned(bytes, 'base64'),
    ...aligned(bytes, 'base64url'),
  ];
}

/** Base64 of something longer that has the bytes inside: what stays the same, for each of the three alignments. */
function aligned(bytes: Buffer, encoding: 'base64' | 'base64url'): [string, Buffer][] {
  return [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const own = whole.toString(encoding).replaceAll('=', '');
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((whole.length * 8) / 6);
    return [`${encoding} at ${before}`, Buffer.from(own.slice(from, to))];
  });
}
