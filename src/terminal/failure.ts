import { visible } from '../domain/visible.ts';
import { ERRORS, type ErrorCode, EXIT, type ExitCode, Failure, PROGRAM } from '../errors.ts';
import { jsonText } from './json.ts';

/** What is said of an error. Message and hint may still hold untrusted text. */
export interface Report {
  readonly code: ErrorCode;
  readonly exit: ExitCode;
  readonly message: string;
  readonly hint: string | undefined;
  /** Where it came from, one line each, causes included; for debugging only. */
  readonly stack: readonly string[];
}

/** Most characters of an error that isn't ours: a server's or library's text may have any length. */
const LONGEST_FOREIGN_MESSAGE = 300;
/** Most characters of a message, which may repeat what was typed. */
const LONGEST_MESSAGE = 1000;
/** Most characters of a hint; a longer one is left out, for half a command is worse than none. */
const LONGEST_HINT = 2000;
const MOST_CAUSES = 5;

/** Describes anything that was thrown; `program` takes the place of `PROGRAM`. Never throws. */
export function reportOf(error: unknown, program: string): Report {
  const stack = stackOf(error);
  if (error instanceof Failure) {
    const { code, message, hint } = error;
    const named = (text: string) => text.replaceAll(PROGRAM, program);
    const short = cutCharacters(named(message), LONGEST_MESSAGE);
    const whole = hint === undefined || hint.length > LONGEST_HINT ? undefined : named(hint);
    return { code, exit: ERRORS[code].exit, message: short, hint: whole, stack };
  }
  const hint = 'KEYWRIGHT_DEBUG=1 shows where it failed';
  return { code: 'unexpected', exit: EXIT.failed, message: foreignMessage(error), hint, stack };
}

/** For people: `keywright: …`, `hint: …`, and the stack with `debug`. */
export function failureLines(report: Report, name: string, debug: boolean): string[] {
  const lines = [`${name}: ${visible(report.message)}`];
  if (report.hint) lines.push(`hint: ${visible(report.hint)}`);
  if (debug) lines.push(...report.stack.map(visible));
  return lines;
}

/** For programs: `{"error":{"code","message","hint"}}`, hint null where there is none, `stack` with `debug` only. */
export function failureJson(report: Report, debug: boolean): string {
  const { code, message, hint, stack } = report;
  return jsonText({ error: { code, message, hint: hint ?? null, ...(debug ? { stack } : {}) } });
}

function foreignMessage(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : textOf(error);
  const line = text.split(/[\r\n]/).find((part) => part.trim() !== '') ?? 'an error without a message';
  return cutCharacters(visible(line.trim()), LONGEST_FOREIGN_MESSAGE);
}

/** `String(x)` throws for objects without a usable `toString`. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}

function cutCharacters(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = [...text.slice(0, 2 * most)];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

function stackOf(error: unknown): string[] {
  const lines: string[] = [];
  let current = error;
  for (let depth = 0; current instanceof Error && depth < MOST_CAUSES; depth++) {
    const text = current.stack ?? current.message;
    lines.push(...(depth === 0 ? text : `caused by ${text}`).split('\n'));
    current = current.cause;
  }
  return lines;
}
