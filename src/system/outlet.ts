import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One pipe that a command prints into, both its stdout and its stderr, so that their order is kept. */
export interface Outlet {
  /** For the command. */
  readonly fd: number;
  readonly reader: Socket;
  /** To be called once the command has been started: its own end is what keeps the pipe open then. */
  handedOver(): void;
}

/**
 * Node connects its children by sockets, and on Linux a command that prints to `/dev/stderr` can't open one. A FIFO is a
 * pipe; it is made in a folder of its own and loses its name at once. Undefined where there are none.
 */
export function openOutlet(platform: NodeJS.Platform): Outlet | undefined {
  if (platform === 'win32') return undefined;
  // A container may have nothing that is writable but the last.
  return outletIn(tmpdir()) ?? outletIn('/dev/shm');
}

function outletIn(place: string): Outlet | undefined {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(place, 'keywright-'));
    const path = join(folder, 'out');
    if (spawnSync('mkfifo', ['-m', '600', path], { stdio: 'ignore' }).status !== 0) return undefined;
    const readable = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const fd = openSync(path, constants.O_WRONLY);
    const reader = new Socket({ fd: readable, readable: true, writable: false });
    return { fd, reader, handedOver: () => closeSync(fd) };
  } catch {
    return undefined;
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}
