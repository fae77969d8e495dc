import { quote } from '../domain/shell.ts';
import { PROGRAM } from '../errors.ts';

/** A command to paste. `PROGRAM` stays as it is, for the output to put the program's name in. */
export function commandLine(...words: readonly string[]): string {
  return words.map((word) => (word === PROGRAM ? word : quote(word))).join(' ');
}
