import { isTooShort, SHORTEST_PASSPHRASE } from '../domain/passphrase.ts';
import { Secret } from '../domain/secret.ts';
import { visible } from '../domain/visible.ts';
import { Failure, PROGRAM } from '../errors.ts';
import { askHidden, type Signals } from './ask-hidden.ts';
import type { Terminal } from './tty.ts';

interface Choice<T> {
  readonly name: string;
  readonly value: T;
  readonly description?: string;
}

/**
 * Questions to the person at the terminal, drawn on stderr. Ctrl-C and end of input are `cancelled`.
 * When nobody can be asked (`interactive` is false) every question throws; callers look there first.
 */
export interface Prompts {
  readonly interactive: boolean;
  confirm(message: string, options: { readonly default: boolean }): Promise<boolean>;
  /** `validate` gives true or why not. The answer is trimmed. */
  input(message: string, options?: InputOptions): Promise<string>;
  select<T>(message: string, choices: readonly Choice<T>[]): Promise<T>;
  /** A choice from many; `source` gives those that fit what was typed. */
  search<T>(message: string, source: (term: string) => Promise<readonly Choice<T>[]>): Promise<T>;
  multi<T>(
    message: string,
    choices: readonly (Choice<T> & { readonly checked?: boolean })[],
  ): Promise<readonly T[]>;
  /**
   * Reads one line from stdin without showing any of it. When the signal is raised the question is taken off the
   * screen, and this is `cancelled`: something else has answered it.
   */
  hidden(message: string, options?: { readonly signal?: AbortSignal }): Promise<Secret>;
  /**
   * Reads one line from the terminal device without echo, whatever stdin is. With `confirm` it is a new
   * one: asked twice, and again while it is too short or the two differ; then `bad_secret_input` or `usage`.
   * Throws `passphrase_needed` when there is no terminal or nobody may be asked, `cancelled` on Ctrl-C and Ctrl-D.
   */
  passphrase(message: string, options?: { readonly confirm?: boolean }): Promise<Secret>;
}

interface InputOptions {
  readonly default?: string;
  validate?(text: string): true | string | Promise<true | string>;
}

export interface PromptOptions {
  readonly stdin: NodeJS.ReadableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Stdin is a terminal and neither `--no-input` nor `CI` forbids asking. */
  readonly interactive: boolean;
  /** Neither `--no-input` nor `CI` forbids asking for a passphrase on the terminal device. */
  readonly mayAskPassphrase: boolean;
  openTerminal(): Terminal | undefined;
  readonly signals: Signals;
  /** Called before anything is drawn, to clear a notice. */
  beforePrompt?(): void;
}

/** How often a new passphrase may be too short or typed differently before it is given up. */
const CONFIRM_TRIES = 3;

/** The prompts of one run. The prompt library is loaded with the first question. */
export function createPrompts(options: PromptOptions): Prompts {
  /** Runs one prompt of the library; every way of leaving it early is `cancelled`. */
  async function ask<R>(
    draw: (library: Library, context: Context) => Promise<R>,
    until?: AbortSignal,
  ): Promise<R> {
    if (!options.interactive) throw new Failure('usage', 'this needs an answer and there is nobody to ask');
    options.beforePrompt?.();
    const library = await import('@inquirer/prompts');
    const watch = watchInput(options.stdin);
    try {
      return await draw(library, {
        input: options.stdin,
        output: options.stderr,
        signal: until === undefined ? watch.signal : AbortSignal.any([watch.signal, until]),
        clearPromptOnDone: until !== undefined,
      });
    } catch (error) {
      if (LEFT_EARLY.has((error as Error).name)) throw new Failure('cancelled', 'cancelled');
      throw error;
    } finally {
      watch.stop();
    }
  }

  async function askPassphrase(message: string, confirm: boolean): Promise<Secret> {
    const terminal = options.mayAskPassphrase ? options.openTerminal() : undefined;
    if (terminal === undefined) {
      throw new Failure('passphrase_needed', 'a passphrase is needed and there is no terminal to ask on', {
        hint: `set KEYWRIGHT_PASSPHRASE_FILE to a file that holds it, or ${PROGRAM} … --passphrase-file FILE`,
      });
    }
    options.beforePrompt?.();
    try {
      const none = new Failure('passphrase_needed', 'no passphrase was given');
      let trouble = none;
      for (let tries = 0; tries < CONFIRM_TRIES; tries++) {
        const first = await askHidden(terminal, `${visible(message)}: `, options.signals);
        if (first.reveal() === '') throw none;
        if (!confirm) return first;
        if (isTooShort(first.reveal())) {
          const why = `the passphrase has fewer than ${SHORTEST_PASSPHRASE} characters`;
          trouble = new Failure('bad_secret_input', why, { hint: 'several random words make a good one' });
          terminal.output.write(`it has fewer than ${SHORTEST_PASSPHRASE} characters; once more\n`);
          continue;
        }
        const second = await askHidden(terminal, 'the same again: ', options.signals);
        if (second.reveal() === first.reveal()) return first;
        trouble = new Failure('usage', 'the passphrase was not typed the same way twice');
        terminal.output.write('they differ; once more from the start\n');
      }
      throw trouble;
    } finally {
      terminal.close();
    }
  }

  return {
    interactive: options.interactive,
    confirm: (message, config) =>
      ask((p, context) => p.confirm({ message: visible(message), ...config }, context)),
    input: async (message, { default: preset, validate } = {}) => {
      const config = {
        message: visible(message),
        ...(preset === undefined ? {} : { default: preset }),
        ...(validate === undefined
          ? {}
          : { validate: async (text: string) => safeVerdict(await validate(text.trim())) }),
      };
      return (await ask((p, context) => p.input(config, context))).trim();
    },
    select: (message, choices) =>
      ask((p, context) => p.select({ message: visible(message), choices: choices.map(safeChoice) }, context)),
    search: (message, source) =>
      ask((p, context) =>
        p.search(
          { message: visible(message), source: async (term) => (await source(term ?? '')).map(safeChoice) },
          context,
        ),
      ),
    multi: (message, choices) =>
      ask((p, context) =>
        p.checkbox({ message: visible(message), choices: choices.map(safeChoice) }, context),
      ),
    hidden: async (message, { signal } = {}) => {
      // Without a mask not even the length is shown; and no key may uncover what was typed.
      const config = { message: visible(message), toggleMask: false };
      return new Secret((await ask((p, context) => p.password(config, context), signal)).trim());
    },
    passphrase: (message, { confirm = false } = {}) => askPassphrase(message, confirm),
  };
}

type Library = typeof import('@inquirer/prompts');
type Context = {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
  signal: AbortSignal;
  clearPromptOnDone: boolean;
};

/** Names of what the library throws for Ctrl-C, an aborted signal and a closed prompt. */
const LEFT_EARLY = new Set(['ExitPromptError', 'AbortPromptError', 'CancelPromptError']);

function safeChoice<C extends Choice<unknown>>(choice: C): C {
  const description = choice.description === undefined ? {} : { description: visible(choice.description) };
  return { ...choice, name: visible(choice.name), short: visible(choice.name), ...description };
}

function safeVerdict(verdict: true | string): true | string {
  return verdict === true ? true : visible(verdict);
}

/**
 * Two things the library (8.8) leaves undone. When input ends, or Ctrl-D closes the line editor, nobody tells the
 * prompt, which then waits for ever: it is aborted. After Ctrl-Z and `fg` the line editor pauses its input, and a
 * process that reads nothing ends in the middle of the question: it is resumed.
 */
function watchInput(stdin: NodeJS.ReadableStream): { signal: AbortSignal; stop(): void } {
  const abort = new AbortController();
  let stopped = false;
  let controlD = false;
  const end = () => abort.abort();
  const key = (_: unknown, pressed: { ctrl?: boolean; name?: string } | undefined) => {
    controlD = pressed?.ctrl === true && pressed.name === 'd';
  };
  const paused = () => {
    if (controlD) end();
    // Answered prompts pause their input, too; by the next turn `stop` has been called for them.
    else setImmediate(() => stopped || stdin.resume());
  };
  stdin.on('end', end).on('close', end).on('pause', paused).prependListener('keypress', key);
  return {
    signal: abort.signal,
    stop() {
      stopped = true;
      stdin.off('end', end).off('close', end).off('pause', paused).off('keypress', key);
      stdin.pause(); // or a question that was resumed would keep the process alive
    },
  };
}
