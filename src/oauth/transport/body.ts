import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { Failure } from '../../errors.ts';

/**
 * The whole body as text. Bytes are counted as they come in and, when packed, as they are unpacked, so that neither an
 * endless body nor a gzip bomb takes more memory than the limit.
 *
 * @throws Failure `provider_failed` naming the host; what the stream throws when it is cut.
 */
export async function readBody(message: IncomingMessage, limit: number, host: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += (chunk as Buffer).length;
    if (size > limit) throw tooLong(host, limit);
    chunks.push(chunk as Buffer);
  }
  // Without this a body whose connection was cut would pass for a short one.
  if (!message.complete) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
  const whole = Buffer.concat(chunks, size);
  const encoding = message.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity' || size === 0) return whole.toString('utf8');
  // It wasn't asked for; some send it all the same.
  if (encoding !== 'gzip') {
    throw new Failure('provider_failed', `${host} answered with a content encoding that was not asked for`);
  }
  try {
    return gunzipSync(whole, { maxOutputLength: limit }).toString('utf8');
  } catch (error) {
    const isLong = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw isLong
      ? tooLong(host, limit)
      : new Failure('provider_failed', `${host} answered with damaged gzip`);
  }
}

function tooLong(host: string, limit: number): Failure {
  return new Failure('provider_failed', `${host} answered with more than ${limit >> 10} KiB`);
}
