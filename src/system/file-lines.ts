import { createReadStream } from 'node:fs';
import { Failure } from '../errors.ts';

/** Lines of a file with every byte kept but the newlines: what a signature covers. Throws `not_found`, `usage`. */
export async function* exactLines(path: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Failure(code === 'ENOENT' ? 'not_found' : 'usage', `${path} could not be read (${code})`, {
      cause: error,
    });
  }
  if (rest !== '') yield rest;
}
