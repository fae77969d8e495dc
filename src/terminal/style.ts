/** The only styling there is. Meaning is never carried by it alone: the words say it too. */
export type Color = 'dim' | 'bold' | 'red' | 'green' | 'yellow';

/** Paints text that is already safe to print (`visible`). */
export type Style = { readonly [color in Color]: (text: string) => string };

const same = (text: string): string => text;

/** Paints nothing. */
export const PLAIN: Style = { dim: same, bold: same, red: same, green: same, yellow: same };

/**
 * Should this stream get colour? `NO_COLOR` (any value but the empty one, https://no-color.org) and
 * `TERM=dumb` switch it off, `FORCE_COLOR` (any value but empty, `0` and `false`) on; else a terminal gets it.
 */
export function wantsColor(env: (name: string) => string | undefined, isTTY: boolean): boolean {
  if (env('NO_COLOR')) return false;
  const forced = env('FORCE_COLOR');
  if (forced) return forced !== '0' && forced !== 'false';
  return isTTY && env('TERM') !== 'dumb';
}

/** The style for a stream. Loads the colour library only when there is colour. */
export async function styleFor(color: boolean): Promise<Style> {
  if (!color) return PLAIN;
  const { Chalk } = await import('chalk');
  // Level 1, the sixteen basic colours: they follow the terminal's own theme.
  const chalk = new Chalk({ level: 1 });
  return { dim: chalk.dim, bold: chalk.bold, red: chalk.red, green: chalk.green, yellow: chalk.yellow };
}
