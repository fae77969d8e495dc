import type { Actor } from '../domain/ports/system.ts';
import { Failure } from '../errors.ts';

const MOST_CHARACTERS = 100;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * Who runs this command: `--actor`, else `KEYWRIGHT_ACTOR`, else the OS user. Made NFC; 1 to 100 characters
 * without controls and not all spaces, else `usage`. An empty variable counts as unset, an empty flag doesn't.
 */
export function actorOf(given: {
  flag: string | undefined;
  variable: string | undefined;
  osUser: string;
}): Actor {
  const { flag, variable, osUser } = given;
  if (flag !== undefined) return { name: nameFrom(flag, '--actor'), from: '--actor', osUser };
  if (variable) return { name: nameFrom(variable, 'KEYWRIGHT_ACTOR'), from: 'KEYWRIGHT_ACTOR', osUser };
  return { name: nameFrom(osUser, 'the OS user'), from: 'OS user', osUser };
}

function nameFrom(text: string, what: string): string {
  const name = text.normalize('NFC');
  const length = [...name].length;
  if (name.trim() === '' || length > MOST_CHARACTERS || CONTROL.test(name)) {
    throw new Failure(
      'usage',
      `${what} must be a name of 1 to ${MOST_CHARACTERS} characters without control characters`,
    );
  }
  return name;
}
