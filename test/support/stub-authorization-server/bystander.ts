import { createServer } from 'node:http';
import { listen } from './listen.ts';
import { type Recorded, record, recordBytes } from './record.ts';

/** Another origin, which must receive nothing. */
export interface Bystander {
  readonly origin: string;
  readonly requests: readonly Recorded[];
  readonly bytes: () => Buffer;
  readonly close: () => Promise<void>;
}

/**
 * Starts an origin that answers every request as if it were the server that was meant: whoever follows a redirect
 * to it, or sends a secret there, is told that all went well, and is seen.
 */
export async function startBystander(): Promise<Bystander> {
  const requests: Recorded[] = [];
  const server = createServer();
  const bytes = recordBytes(server);
  const { origin, close } = await listen(server);
  server.on('request', (message, response) => {
    const kept = record(message, origin, () => undefined).then((request) => {
      requests.push(request);
      response.writeHead(200, { 'content-type': 'application/json' }).end(WELCOME);
    });
    kept.catch(() => response.destroy());
  });
  return { origin, requests, bytes, close };
}

/** What would do as a token, an introspection, an account. */
const WELCOME = JSON.stringify({
  access_token: 'at_of_the_bystander',
  token_type: 'Bearer',
  expires_in: 3600,
  active: true,
  sub: 'nobody',
});
