import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Secret } from '../domain/secret.ts';
import { type Outlet, openOutlet } from './outlet.ts';
import { Redactor } from './redact.ts';

/** How long nothing may come from what a command left running, until its output counts as over, ms. */
const QUIET = 100;
/** How often that is waited for: what goes on printing is not heard to its end. */
const MOST_WAITS = 10;

/** Whoever listens. Neither ever throws; each resolves when more may come. */
export interface Listener {
  print(chunk: Uint8Array): Promise<void>;
  /** Hears of a secret before what it was in is printed without it. */
  found(secret: Secret): Promise<void>;
}

/** What a command prints, on its way through this program. */
export interface Relay {
  /** Of the command: its stdin, stdout and stderr. */
  stdio(stdin: 'ignore' | 'pipe'): StdioOptions;
  /** Begins, once the command was started. */
  from(child: ChildProcess): void;
  /** Resolves when all that the command itself printed has been passed on. */
  end(): Promise<void>;
}

/** Passes on what a command prints, with `hide` replaced; `listener` undefined: to nobody. */
export function relayTo(
  listener: Listener | undefined,
  hide: Secret | undefined,
  platform: NodeJS.Platform,
): Relay {
  if (listener === undefined) {
    const nothing = async (): Promise<void> => undefined;
    return { stdio: (stdin) => [stdin, 'ignore', 'ignore'], from: () => undefined, end: nothing };
  }
  const outlet = openOutlet(platform);
  const pumps: Pump[] = [];
  return {
    stdio: (stdin) => [stdin, outlet?.fd ?? 'pipe', outlet?.fd ?? 'pipe'],
    from(child) {
      outlet?.handedOver();
      for (const stream of streamsOf(outlet, child)) pumps.push(pump(stream, hide, listener));
    },
    async end() {
      for (const one of pumps) await one.end();
    },
  };
}

function streamsOf(outlet: Outlet | undefined, { stdout, stderr }: ChildProcess): readonly Readable[] {
  return outlet === undefined ? [stdout, stderr].filter((stream) => stream !== null) : [outlet.reader];
}

interface Pump {
  end(): Promise<void>;
}

function pump(stream: Readable, hide: Secret | undefined, listener: Listener): Pump {
  const redactor = new Redactor(hide?.reveal() ?? '');
  let idle = true;
  let came = 0;
  const work = async (): Promise<void> => {
    for await (const chunk of stream) {
      idle = false;
      came++;
      const known = redactor.found;
      const shown = redactor.push(chunk);
      if (hide !== undefined && redactor.found && !known) await listener.found(hide);
      await listener.print(shown);
      idle = true;
    }
  };
  const done = work().catch(() => undefined);
  const quiet = async (): Promise<void> => {
    let waits = 0;
    for (let seen = -1; !idle || (seen !== came && waits < MOST_WAITS); ) {
      // What is being passed on doesn't count: whoever listens may be slow.
      if (idle) waits++;
      seen = came;
      await new Promise((resolve) => setTimeout(resolve, QUIET));
    }
  };
  return {
    async end() {
      await Promise.race([done, quiet()]);
      stream.destroy();
      await done;
      await listener.print(redactor.end());
    },
  };
}
