import { closeSync, openSync } from 'node:fs';
import tty from 'node:tty';

/** The terminal device, opened for one question. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { setRawMode(mode: boolean): unknown };
  readonly output: NodeJS.WritableStream;
  /** Gives the device back. */
  close(): void;
}

/**
 * Opens the controlling terminal itself, whatever stdin and stdout are: `/dev/tty`, or the console on Windows.
 * Undefined when the process has none.
 */
export function openTerminal(platform: NodeJS.Platform): Terminal | undefined {
  // Opened twice: reading makes a descriptor non-blocking, and a prompt must be written whole.
  const devices = platform === 'win32' ? ['\\\\.\\CONIN$', '\\\\.\\CONOUT$'] : ['/dev/tty', '/dev/tty'];
  const opened: number[] = [];
  try {
    for (const device of devices) opened.push(openSync(device, 'r+'));
    const [inputFd, outputFd] = opened as [number, number];
    const input = new tty.ReadStream(inputFd);
    const output = new tty.WriteStream(outputFd);
    return {
      input,
      output,
      close() {
        input.destroy();
        output.destroy();
      },
    };
  } catch {
    for (const fd of opened) closeSync(fd);
    return undefined;
  }
}
