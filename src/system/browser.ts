import { spawn } from 'node:child_process';
import { safeUrl } from '../domain/apps/app.ts';

/** Where a browser is to be opened. */
export interface Desktop {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What opens a URL, and what it is told before the URL. */
type Opener = readonly [command: string, ...before: string[]];

/** `BROWSER` is a program, by its path or name; no words are split off it and nothing in it is replaced. */
function openerOf({ platform, env }: Desktop): Opener {
  const { BROWSER: chosen } = env;
  if (chosen !== undefined && chosen !== '') return [chosen];
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32.exe', 'url.dll,FileProtocolHandler'];
  return ['xdg-open'];
}

/**
 * Opens a URL in the person's browser: https, or http on this machine; as `new URL` writes it, in one argument, and
 * without a shell, so that nothing in it is ever a flag or a command. Whether it opened anything isn't known and not
 * waited for; what it writes goes nowhere, and Ctrl-C doesn't reach it. Resolves to whether a program could be started.
 */
export function openBrowser(url: string, desktop: Desktop): Promise<boolean> {
  const safe = safeUrl(url);
  if ('reason' in safe) return Promise.resolve(false);
  const [command, ...before] = openerOf(desktop);
  return new Promise((resolve) => {
    try {
      const child = spawn(command, [...before, safe.href], {
        env: withoutOurs(desktop.env),
        stdio: 'ignore',
        detached: true,
        shell: false,
        windowsHide: true,
      });
      child.once('error', () => resolve(false));
      child.once('spawn', () => resolve(true));
      child.unref();
    } catch {
      // A name with NUL, or no memory left.
      resolve(false);
    }
  });
}

/** A browser has no use for what tells this program where its store and keys are. */
function withoutOurs(env: Desktop['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('KEYWRIGHT_')));
}

/** Why a browser on this machine is probably not the one in front of the person. */
export type Remoteness = 'ssh' | 'container' | 'no-display';

/**
 * Why not to open a browser here; undefined when one may well be there. Under WSL there is one, Windows's, and what
 * it asks of 127.0.0.1 comes here. `exists` tells whether a file is there.
 */
export function remoteness(
  { platform, env }: Desktop,
  exists: (path: string) => boolean,
): Remoteness | undefined {
  const has = (name: string): boolean => (env[name] ?? '') !== '';
  if (has('SSH_CONNECTION') || has('SSH_CLIENT') || has('SSH_TTY')) return 'ssh';
  if (has('CODESPACES') || has('REMOTE_CONTAINERS') || has('container')) return 'container';
  if (platform !== 'linux' || has('WSL_DISTRO_NAME') || has('WSL_INTEROP')) return undefined;
  if (has('BROWSER') || has('DISPLAY') || has('WAYLAND_DISPLAY')) return undefined;
  return exists('/.dockerenv') || exists('/run/.containerenv') ? 'container' : 'no-display';
}
