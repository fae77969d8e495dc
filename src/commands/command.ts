import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import type { Input } from './input.ts';

/** What the shell can complete in a place. */
export type Completes =
  | 'workspace'
  | 'key'
  | 'slot'
  | 'scope'
  | 'integration'
  | 'app'
  | 'member'
  | 'file'
  | readonly string[];

export interface Option {
  /** As commander writes it: `-w, --workspace <ws>`, `--yes`, `--scope <scope>`. */
  readonly flags: string;
  readonly about: string;
  /** May be given several times; gives a list. Commas separate, too, where `commas` says so. */
  readonly repeats?: boolean;
  readonly commas?: boolean;
  readonly choices?: readonly string[];
  readonly completes?: Completes;
}

interface Argument {
  /** `<key...>`, `[term]`, `<name>`. */
  readonly name: string;
  readonly about: string;
  readonly completes?: Completes;
}

/** One verb: what the user may type, and what it does. Parsing and doing are apart: `run` gets checked input. */
export interface Command {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  /** More than the summary, where it is needed. */
  readonly details?: string;
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** At least one, each a full command line without the program's name. */
  readonly examples: readonly string[];
  /** Gives back the exit code when it isn't 0. Failures are thrown. */
  run(context: Context, input: Input): Promise<ExitCode | undefined>;
}

/** A command in the list: its file is loaded when it is needed. */
export interface Listed {
  readonly name: string;
  load(): Promise<Command>;
}

/** A noun with its verbs. */
export interface Noun<Verb = Listed> {
  /** Plural. */
  readonly name: string;
  readonly singular: string;
  readonly summary: string;
  readonly verbs: readonly Verb[];
  /** What people type instead: verb → the right one. */
  readonly mistaken?: { readonly [verb: string]: string };
}

/** All that the user can type, loaded. */
export interface CommandList {
  readonly nouns: readonly Noun<Command>[];
  /** Commands without a noun. */
  readonly plain: readonly Command[];
}
