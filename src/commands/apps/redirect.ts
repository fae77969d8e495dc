import type { App } from '../../domain/apps/app.ts';
import type { Provider } from '../../domain/apps/provider.ts';
import type { Random } from '../../domain/ports/system.ts';

/** Where the browser comes back to. */
export interface Redirect {
  /** The port that the callback must have; null: any. */
  readonly port: number | null;
  /** The redirect URI of a provider that takes no http: nothing listens there, and its address is pasted back. */
  readonly pasted: string | undefined;
}

/** The same for an app that is being registered. */
export interface NewRedirect extends Redirect {
  /** What is entered in the app's settings at the provider; null when nothing is. */
  readonly register: string | null;
}

/** Below the ports that systems give out by themselves; a thousand, so that two apps seldom have the same. */
const FIRST_PORT = 17_000;
const PORTS = 1000;

/**
 * Where the browser comes back to for an app that is being registered. A server that isn't known may compare redirect
 * URIs letter by letter, so the app gets a port of its own there, as with providers that do.
 */
export function redirectOf(
  provider: Provider | undefined,
  port: number | undefined,
  random: Random,
): NewRedirect {
  const rule = provider?.redirect ?? { kind: 'exact' };
  if (rule.kind === 'any-port' && port === undefined)
    return { port: null, register: rule.register, pasted: undefined };
  const fixed = port ?? freshPort(random);
  const uri = loopback(rule.kind === 'https' ? 'https' : 'http', fixed);
  return { port: fixed, register: uri, pasted: rule.kind === 'https' ? uri : undefined };
}

/** The same for a registered app. A port that is given goes before the app's. */
export function redirectOfApp(
  { redirectPort }: Pick<App, 'redirectPort'>,
  provider: Provider | undefined,
  port: number | undefined,
): Redirect {
  const known = port ?? redirectPort;
  const isPasted = provider?.redirect.kind === 'https';
  return { port: known, pasted: isPasted ? loopback('https', known ?? FIRST_PORT) : undefined };
}

function freshPort(random: Random): number {
  const [high = 0, low = 0] = random(2);
  return FIRST_PORT + ((high * 256 + low) % PORTS);
}

/** A literal address: `localhost` can mean another one (RFC 8252 section 8.3). */
function loopback(protocol: 'http' | 'https', port: number): string {
  return `${protocol}://127.0.0.1:${port}/callback`;
}
