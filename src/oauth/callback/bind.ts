import type { AddressInfo, Server } from 'node:net';
import { Failure } from '../../errors.ts';

/**
 * Tried in turn where the system chooses the port; one that was asked for is of a redirect URI with the first alone.
 * Literal addresses: `localhost` can mean either, and another program may hold the other one.
 */
export const LOOPBACK = ['127.0.0.1', '::1'] as const;

/** These are about the port that was asked for. */
const ABOUT_PORT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use',
  EACCES: 'may not be opened by this user',
};

/**
 * Listens on the first of these addresses that the machine lets us have, without waiting. Port 0 lets the
 * system choose one. Gives back the origin, such as `http://127.0.0.1:41873`; throws `callback_unavailable`.
 */
export async function bind(
  server: Server,
  port: number,
  addresses: readonly string[] = port === 0 ? LOOPBACK : LOOPBACK.slice(0, 1),
): Promise<string> {
  const reasons: string[] = [];
  for (const address of addresses) {
    try {
      return await listenOn(server, address, port);
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      const aboutPort = port === 0 ? undefined : ABOUT_PORT[code];
      if (aboutPort !== undefined) throw portRefused(port, aboutPort, error);
      reasons.push(`${address}: ${code}`);
    }
  }
  throw new Failure(
    'callback_unavailable',
    `no port can be opened on this machine for the browser to come back to (${reasons.join(', ')})`,
  );
}

function listenOn(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(error);
    server.once('error', onError);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', onError);
      const { address, family, port: given } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${given}`);
    });
  });
}

function portRefused(port: number, why: string, cause: unknown): Failure {
  return new Failure('callback_unavailable', `port ${port} of this machine ${why}`, {
    hint: 'end what uses it, which may be another authorization, or give another one with --callback-port',
    cause,
  });
}
