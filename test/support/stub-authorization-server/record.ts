import type { IncomingMessage, Server } from 'node:http';
import type { Endpoint } from './switches.ts';

/** A request as it arrived. */
export interface Recorded {
  /** Milliseconds on the monotonic clock (`performance.now()`), when its last byte was there. */
  readonly at: number;
  /** Undefined: no such endpoint. */
  readonly endpoint: Endpoint | undefined;
  readonly method: string;
  /** The request target, unread. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name; several of one name are joined as HTTP joins them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body read as a form. */
  readonly form: URLSearchParams;
  /** How many bytes of an answer without end have been sent. */
  sent: number;
}

/** Keeps every byte that arrives on any connection, also of requests that are never completed. */
export function recordBytes(server: Server): () => Buffer {
  const chunks: Buffer[] = [];
  server.on('connection', (socket) => socket.on('data', (chunk: Buffer) => chunks.push(chunk)));
  return () => Buffer.concat(chunks);
}

/** Reads a request to its end. */
export async function record(
  message: IncomingMessage,
  origin: string,
  endpointOf: (path: string) => Endpoint | undefined,
): Promise<Recorded> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  const target = message.url ?? '';
  const url = URL.parse(target, origin);
  const path = url?.pathname ?? target;
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)] as const);
  return {
    at: performance.now(),
    endpoint: endpointOf(path),
    method: message.method ?? '',
    target,
    path,
    query: url?.searchParams ?? new URLSearchParams(),
    headers: Object.fromEntries(headers),
    body,
    form: new URLSearchParams(body),
    sent: 0,
  };
}
