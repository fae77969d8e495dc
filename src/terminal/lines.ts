const LF = 0x0a;
const CR = 0x0d;

/**
 * The lines of a byte stream without their ends (LF or CRLF), the last one also without a newline: together
 * those that arrived together, at least one, so that whoever answers them can do so before waiting for more.
 * A line of more than `maxBytes` is null, and no more than that is ever held of it. Bytes that are not UTF-8
 * become U+FFFD.
 */
export async function* linesOf(
  stream: AsyncIterable<Uint8Array | string>,
  maxBytes: number,
): AsyncGenerator<readonly (string | null)[]> {
  let rest: Buffer[] = [];
  let restLength = 0;
  const keep = (bytes: Buffer) => {
    restLength += bytes.length;
    if (restLength <= maxBytes + 1)
      rest.push(bytes); // one more for a CR
    else rest = [];
  };
  const line = (end: Buffer): string | null => {
    const whole = restLength === 0 ? end : Buffer.concat([...rest, end]);
    const length = restLength + end.length;
    rest = [];
    restLength = 0;
    const content = whole[whole.length - 1] === CR ? length - 1 : length;
    return content > maxBytes ? null : whole.toString('utf8', 0, content);
  };

  for await (const piece of stream) {
    const chunk =
      typeof piece === 'string'
        ? Buffer.from(piece)
        : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let start = 0;
    const lines: (string | null)[] = [];
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, start)) {
      lines.push(line(chunk.subarray(start, at)));
      start = at + 1;
    }
    if (start < chunk.length) keep(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (restLength > 0) yield [line(Buffer.alloc(0))];
}
