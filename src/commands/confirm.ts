import type { Context } from '../context.ts';
import { Failure } from '../errors.ts';
import type { Input } from './input.ts';

/** What is about to happen, for the person who is asked. */
export interface Consequences {
  /** Each a line, shown before the question, and before it is refused. */
  readonly lines: readonly string[];
  /** Lower case, with a question mark. */
  readonly question: string;
}

/**
 * The gate before anything destructive. With `--yes` it is open; on a terminal it shows the
 * consequences and asks (no is `cancelled`); without one it shows them and is shut: `needs_yes`.
 */
export async function confirm(context: Context, input: Input, consequences: Consequences): Promise<void> {
  if (input.flag('yes')) return;
  for (const line of consequences.lines) await context.out.warn(line);
  if (!context.ask.interactive) {
    throw new Failure('needs_yes', 'this needs --yes, since there is nobody to ask', {
      hint: 'look at it with --dry-run, then',
      retry: { append: '--yes' },
    });
  }
  if (!(await context.ask.confirm(consequences.question, { default: false })))
    throw new Failure('cancelled', 'nothing was done');
}
