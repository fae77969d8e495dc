import { Input } from './commands/input.ts';
import type { Outcome } from './commands/program.ts';
import { quickParse } from './commands/quick-parse.ts';
import type { Context, Globals, Host } from './context.ts';
import { findSecretKey, publicKey } from './domain/keys/token.ts';
import { commandLine } from './domain/shell.ts';
import { EXIT, type ExitCode, Failure, PROGRAM } from './errors.ts';
import { nativeModuleFailure } from './native-modules.ts';

/** The texts of `keywright help <topic>`. */
const TOPICS: readonly string[] = ['exit-codes', 'errors', 'environment'];

/**
 * Runs one command line, `argv` without program and script, and gives back the exit code. Every error
 * is caught and rendered here, once. Never throws and never exits.
 */
export async function main(argv: readonly string[], host: Host): Promise<number> {
  const early = earlyGlobals(argv);
  let context: Context | undefined;
  try {
    refuseSecrets(argv);
    const outcome = await plan(argv, host);
    context = host.open(
      'command' in outcome ? outcome.command.globals : 'bare' in outcome ? outcome.bare : early,
    );
    const code = await act(outcome, context, argv);
    await context.close();
    return code ?? EXIT.ok;
  } catch (error) {
    context ??= host.open(early);
    const code = await context.out.failure(told(error, argv, host), host.debug);
    await context.close().catch(() => undefined);
    return code;
  }
}

async function plan(argv: readonly string[], host: Host): Promise<Outcome> {
  const quick = await quickParse(argv);
  if (quick !== undefined) return { command: quick };
  const at = argv.findIndex((word) => word === '--help' || word === '-h');
  // In front of what it is about, commander would not see what that is.
  if (at === 0 || (at === 1 && !argv[0]?.startsWith('-')))
    return parseLine([...argv.toSpliced(at, 1), '--help'], host);
  const asksForHelp = argv[0] === 'help' && argv[1] !== undefined && !TOPICS.includes(argv[1]);
  // `help keys create` is `keys create --help`.
  const line = asksForHelp ? [...argv.slice(argv[1] === 'help' ? 2 : 1), '--help'] : argv;
  return parseLine(line, host);
}

async function parseLine(line: readonly string[], host: Host): Promise<Outcome> {
  const { parse } = await import('./commands/program.ts');
  return parse(line, { program: host.program, version: host.version });
}

async function act(outcome: Outcome, context: Context, argv: readonly string[]): Promise<number | undefined> {
  if ('command' in outcome) return withStore(context, () => outcome.command.run(context));
  if ('bare' in outcome)
    return withStore(context, async () => (await import('./commands/status.ts')).status(context));
  const topic = argv[0] === 'help' ? argv[1] : undefined;
  if (topic !== undefined && TOPICS.includes(topic))
    return (await import('./commands/help.ts')).printTopic(context, topic);
  await context.out.raw(outcome.print);
  return undefined;
}

/** Without a store a person at a terminal is led through `init`, and then the command goes on. */
async function withStore(
  context: Context,
  run: () => Promise<ExitCode | number | undefined>,
): Promise<number | undefined> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'no_store' || !context.ask.interactive) throw error;
    await context.out.warn(error.message);
    if (!(await context.ask.confirm('set one up now?', { default: true })))
      throw new Failure('cancelled', 'nothing was set up', { cause: error });
    const { init } = await import('./commands/init.ts');
    await init.run(context, new Input([], {}));
    return run();
  }
}

/** The error with what only this place knows: how to install again, or the command line to try next. */
function told(error: unknown, argv: readonly string[], host: Host): unknown {
  return nativeModuleFailure(error, host.reinstall) ?? withRetry(error, argv);
}

/** The command line to try next, behind the hint. */
function withRetry(error: unknown, argv: readonly string[]): unknown {
  if (!(error instanceof Failure) || error.retry === undefined) return error;
  const { retry } = error;
  // Another thing than the one that was named is asked about again: `--yes` was not said of it.
  const next =
    'append' in retry
      ? appended(argv, retry.append)
      : argv
          .filter((word) => word !== '--yes' && word !== '-y')
          .map((word) => replaced(word, retry.replace, retry.by));
  const line = commandLine(PROGRAM, ...next);
  return new Failure(error.code, error.message, {
    hint: [error.hint, line].filter(Boolean).join(' '),
    cause: error.cause,
  });
}

/** A flag goes before `--`: behind it everything is an operand. */
function appended(argv: readonly string[], word: string): readonly string[] {
  const end = word.startsWith('-') ? argv.indexOf('--') : -1;
  return end < 0 ? [...argv, word] : argv.toSpliced(end, 0, word);
}

/** `text` alone, as the value in `--flag=text` or `-ftext`, or as one of several between commas. */
function replaced(word: string, text: string, by: string): string {
  if (word === text) return by;
  const flag = /^(?:--[^=]*=|-[A-Za-z](?=.))/.exec(word)?.[0] ?? '';
  const value = word.slice(flag.length);
  if (value === text) return flag + by;
  const parts = value.split(',').map((part) => part.trim());
  return parts.includes(text) ? flag + parts.map((part) => (part === text ? by : part)).join(',') : word;
}

/** Arguments are visible to other users of the machine and stay in the shell's history. */
function refuseSecrets(argv: readonly string[]): void {
  for (const argument of argv) {
    const parts = findSecretKey(argument);
    if (parts === undefined) continue;
    throw new Failure(
      'secret_in_argument',
      'a secret key was given as an argument, where others can read it; it was not used',
      {
        hint: `name it by its public key ${publicKey(parts)}, or give --from-stdin; if it was live, revoke it`,
      },
    );
  }
}

/** What must be known even when parsing fails: how to print the error. */
function earlyGlobals(argv: readonly string[]): Globals {
  const end = argv.indexOf('--');
  const before = end < 0 ? argv : argv.slice(0, end);
  return {
    json: before.includes('--json'),
    quiet: before.includes('-q') || before.includes('--quiet'),
    input: !before.includes('--no-input'),
    color: !before.includes('--no-color'),
  };
}
