import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type Outlet, openOutlet } from './outlet.ts';
import { Redactor } from './redact.ts';

/** How long nothing may come from what a command left running, until its output counts as over, ms. */
const QUIET = 100;

/** Where bytes go; resolves when more may come. Never throws. */
export type Print = (chunk: Uint8Array) => Promise<void>;

/** What a command prints, on its way through this program. */
export interface Relay {
  /** Of the command: its stdin, stdout and stderr. */
  stdio(stdin: 'ignore' | 'pipe'): StdioOptions;
  /** Begins, once the command was started. */
  from(child: ChildProcess): void;
  /** Resolves when all that the command itself printed has been passed on. */
  end(): Promise<void>;
}

/** Passes on what a command prints, with `hide` replaced; `print` undefined: to nobody. */
export function relayTo(
  print: Print | undefined,
  hide: string | undefined,
  platform: NodeJS.Platform,
): Relay {
  if (print === undefined) {
    const nothing = async (): Promise<void> => undefined;
    return { stdio: (stdin) => [stdin, 'ignore', 'ignore'], from: () => undefined, end: nothing };
  }
  const outlet = openOutlet(platform);
  const pumps: Pump[] = [];
  return {
    stdio: (stdin) => [stdin, outlet?.fd ?? 'pipe', outlet?.fd ?? 'pipe'],
    from(child) {
      outlet?.handedOver();
      for (const stream of streamsOf(outlet, child))
        pumps.push(pump(stream, new Redactor(hide ?? ''), print));
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

function pump(stream: Readable, redactor: Redactor, print: Print): Pump {
  let idle = true;
  let came = 0;
  const work = async (): Promise<void> => {
    for await (const chunk of stream) {
      idle = false;
      came++;
      await print(redactor.push(chunk));
      idle = true;
    }
  };
  const done = work().catch(() => undefined);
  const quiet = async (): Promise<void> => {
    for (let seen = -1; !idle || seen !== came; ) {
      seen = came;
      await new Promise((resolve) => setTimeout(resolve, QUIET));
    }
  };
  return {
    async end() {
      await Promise.race([done, quiet()]);
      stream.destroy();
      await done;
      await print(redactor.end());
    },
  };
}
