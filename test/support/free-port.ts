import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';

/** A port that nobody had a moment ago, and that the system gives to nobody who asks for any (ip(7), below 32,768). */
export async function freePort(): Promise<string> {
  const server = createServer();
  const listening = new Promise<boolean>((resolve) => {
    server.once('listening', () => resolve(true)).once('error', () => resolve(false));
  });
  const port = randomInt(18_000, 32_000);
  server.listen(port, '127.0.0.1');
  if (!(await listening)) return freePort();
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}
