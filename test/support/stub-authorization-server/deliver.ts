import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Recorded } from './record.ts';
import type { Reply } from './reply.ts';
import type { Answer } from './switches.ts';

/** Is the request carried out before it is answered this way? */
export function isCarriedOut(answer: Answer | undefined): boolean {
  if (answer?.kind === 'cut') return answer.when !== 'unprocessed';
  return answer?.kind !== 'redirect' && answer?.kind !== 'body';
}

/** Sends the proper answer, or spoils it. */
export async function deliver(
  response: ServerResponse,
  request: Recorded,
  reply: Reply,
  answer: Answer | undefined,
): Promise<void> {
  switch (answer?.kind) {
    case undefined:
      return send(response, reply);
    case 'redirect':
      return send(response, { status: answer.status, headers: { location: answer.to }, body: '' });
    case 'body': {
      const headers = { 'content-type': 'application/json', ...answer.headers };
      return send(response, { status: answer.status ?? 200, headers, body: answer.body });
    }
    case 'cut':
      return cut(response, reply, answer.when);
    case 'hold':
      await answer.until.catch(() => undefined);
      return send(response, reply);
    case 'silence':
      return;
    case 'drip':
      return drip(response, reply, answer.everyMs);
    case 'endless':
      return endless(response, request);
    case 'gzip-bomb':
      return bomb(response, answer.megabytes);
  }
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

async function cut(
  response: ServerResponse,
  { status, headers, body }: Reply,
  when: 'unprocessed' | 'before' | 'inside' | 'after',
): Promise<void> {
  const { socket } = response;
  if (when === 'unprocessed' || when === 'before') {
    socket?.resetAndDestroy();
    return;
  }
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  const part = when === 'inside' ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes;
  await new Promise((sent) => response.write(part, sent));
  // An end: a reset would overtake what the peer hasn't read yet.
  socket?.destroySoon();
}

async function drip(
  response: ServerResponse,
  { status, headers, body }: Reply,
  everyMs: number,
): Promise<void> {
  response.writeHead(status, headers);
  for (const byte of Buffer.from(body)) {
    if (response.destroyed) return;
    response.write(Uint8Array.of(byte));
    await setTimeout(everyMs, undefined, { ref: false });
  }
  response.end();
}

async function endless(response: ServerResponse, request: Recorded): Promise<void> {
  const chunk = Buffer.alloc(65_536, 'a');
  const gone = once(response, 'close');
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"issuer":"');
  while (!response.destroyed) {
    request.sent += chunk.length;
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), gone]);
  }
}

/** One compressed megabyte, as often as asked: a gzip file may have several members (RFC 1952 section 2.2). */
function bomb(response: ServerResponse, megabytes: number): void {
  const member = gzipSync(Buffer.alloc(1 << 20, ' '), { level: 9 });
  const body = Buffer.concat(Array.from({ length: megabytes }, () => member));
  const headers = {
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'content-length': body.length,
  };
  response.writeHead(200, headers);
  response.end(body);
}
