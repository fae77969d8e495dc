import { Secret } from '../domain/secret.ts';
import { Failure } from '../errors.ts';
import { HiddenLine } from './hidden-line.ts';
import type { Terminal } from './tty.ts';

type PromptSignal = 'SIGCONT' | 'SIGTERM' | 'SIGHUP' | 'SIGINT';

/** What the process can do with signals. */
export interface Signals {
  on(signal: PromptSignal, listener: () => void): void;
  off(signal: PromptSignal, listener: () => void): void;
  /** Sends it to this process, with what the system does by default. */
  raise(signal: PromptSignal): void;
  /** Stops the whole job, as Ctrl-Z does (SIGTSTP to the process group); does nothing where there is no such thing. */
  suspend(): void;
}

/** A terminal that is pasting can be told apart from one that types by this much silence. */
const PASTE_SILENCE_MS = 30;
/** After `suspend` the process stops within microseconds. */
const RESUME_MS = 20;

const BRACKETED_PASTE_ON = '\x1b[?2004h';
const BRACKETED_PASTE_OFF = '\x1b[?2004l';

/**
 * Asks for one line without echo; `prompt` is safe to print. Echo comes back however this ends: answered,
 * Ctrl-C, Ctrl-D, Ctrl-Z (and off again when the job goes on), SIGTERM, SIGHUP or SIGINT; for a crash Node
 * itself resets the terminal. Throws `cancelled`, and `bad_secret_input` for a line that is too long or not UTF-8.
 */
export function askHidden(terminal: Terminal, prompt: string, signals: Signals): Promise<Secret> {
  const { input, output } = terminal;
  const line = new HiddenLine();
  const hide = () => {
    input.setRawMode(true);
    output.write(`${BRACKETED_PASTE_ON}${prompt}`);
  };
  const restore = () => {
    input.setRawMode(false);
    output.write(`${BRACKETED_PASTE_OFF}\n`);
  };

  return new Promise((resolve, reject) => {
    let stopped = false;
    let silence: NodeJS.Timeout | undefined;

    /** Also after a stop from outside: the shell has put its own modes in place. */
    const resume = () => {
      stopped = false;
      hide();
    };
    const dying = (['SIGTERM', 'SIGHUP', 'SIGINT'] as const).map((signal) => {
      const listener = () => {
        end();
        signals.raise(signal);
      };
      return { signal, listener };
    });
    const end = () => {
      clearTimeout(silence);
      input.removeListener('data', onData);
      input.removeListener('end', onGone);
      input.removeListener('error', onGone);
      input.pause();
      signals.off('SIGCONT', resume);
      for (const { signal, listener } of dying) signals.off(signal, listener);
      restore();
    };
    const suspend = () => {
      stopped = true;
      restore();
      signals.suspend();
      // Where a stop is not possible no SIGCONT follows, and the prompt must not stay there with echo on. By
      // the turn after the timer a SIGCONT has been seen.
      setTimeout(() => setImmediate(() => stopped && resume()), RESUME_MS);
    };
    const onGone = () => {
      end();
      reject(cancelled());
    };
    const answer = () => {
      end();
      if (line.tooLong) reject(new Failure('bad_secret_input', 'the passphrase is too long'));
      else if (line.text.includes('\ufffd'))
        reject(new Failure('bad_secret_input', 'the passphrase is not valid UTF-8'));
      else resolve(new Secret(line.text));
    };
    const onData = (bytes: Uint8Array | string) => {
      if (silence !== undefined) {
        silence.refresh(); // the rest of a paste: discarded, so that no shell gets it
        return;
      }
      const typed = line.take(Buffer.from(bytes as Uint8Array));
      if (typed === 'cancelled') onGone();
      else if (typed === 'suspend') suspend();
      else if (typed === 'line' && line.pasted) silence = setTimeout(answer, PASTE_SILENCE_MS);
      else if (typed === 'line') answer();
    };

    signals.on('SIGCONT', resume);
    for (const { signal, listener } of dying) signals.on(signal, listener);
    input.on('data', onData);
    input.on('end', onGone);
    input.on('error', onGone);
    hide();
    input.resume();
  });
}

function cancelled(): Failure {
  return new Failure('cancelled', 'cancelled');
}
