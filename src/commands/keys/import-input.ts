import type { Context } from '../../context.ts';
import type { ImportDefaults } from '../../domain/import/candidate.ts';
import type { ImportFormat } from '../../domain/import/row.ts';
import type { Mode } from '../../domain/keys/key.ts';
import type { Secret } from '../../domain/secret.ts';
import { parseExpiry } from '../../domain/time.ts';
import { Failure } from '../../errors.ts';
import { badValue, type Input } from '../input.ts';
import { networksOf, scopesSaid } from './create.ts';

const BY_EXTENSION: ReadonlyMap<string, ImportFormat> = new Map([
  ['txt', 'lines'],
  ['csv', 'csv'],
  ['jsonl', 'jsonl'],
  ['ndjson', 'jsonl'],
]);

/** What the flags say for rows that don't say it themselves. */
export function defaultsOf(context: Context, input: Input): ImportDefaults {
  const expires = input.text('expires');
  const expiry = expires === undefined ? undefined : parseExpiry(expires, context.now());
  if (expiry !== undefined && 'reason' in expiry) throw badValue('expires', expiry.reason);
  return {
    scopes: scopesSaid(input),
    mode: (input.text('mode') ?? 'live') as Mode,
    networks: networksOf(input),
    expiresAt: expiry?.at,
    owner: input.name('owner'),
  };
}

/** Where the rows are, and how they are written. */
export function sourceOf(
  context: Context,
  input: Input,
): { format: ImportFormat; from: { stdin: true } | { file: string } } {
  const [file] = input.args;
  const said = input.text('format') as ImportFormat | undefined;
  if (file !== undefined && file !== '-') {
    const format = said ?? BY_EXTENSION.get(/\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase() ?? '');
    if (format !== undefined) return { format, from: { file } };
    throw new Failure('usage', 'the name of the file does not tell its format', {
      hint: 'say it with --format lines, csv or jsonl',
    });
  }
  if (context.stdinIsTTY()) {
    throw new Failure('bad_secret_input', 'stdin is the terminal, where tokens would be shown', {
      hint: '{keywright} keys import FILE, or pipe it in',
    });
  }
  return { format: said ?? 'lines', from: { stdin: true } };
}

/** The bytes of the HMAC key that was given; undefined when none was. Throws `bad_secret_input`. */
export async function hmacKeyOf(context: Context, input: Input): Promise<Uint8Array | undefined> {
  const [file, env, encoding] = ['hmacKeyFromFile', 'hmacKeyFromEnv', 'hmacKeyEncoding'].map((name) =>
    input.text(name),
  );
  if (file !== undefined && env !== undefined)
    throw new Failure('usage', 'give --hmac-key-from-file or --hmac-key-from-env, not both');
  if (file === undefined && env === undefined) {
    if (encoding === undefined) return undefined;
    throw new Failure('usage', '--hmac-key-encoding is about a key, and none is given', {
      hint: 'give it with --hmac-key-from-file or --hmac-key-from-env',
    });
  }
  const secret = await context.readSecret(file === undefined ? { env: env ?? '' } : { file });
  return keyBytes(secret, encoding ?? 'raw');
}

/** `raw` is the text's own bytes, without a final newline: a key that is no text is given in hex or base64. */
function keyBytes(secret: Secret, encoding: string): Uint8Array {
  const text = secret.reveal();
  if (encoding === 'raw') return Buffer.from(text);
  const bytes = Buffer.from(text, encoding === 'hex' ? 'hex' : 'base64');
  const again = encoding === 'hex' ? bytes.toString('hex') : bytes.toString('base64');
  if ((encoding === 'hex' ? text.toLowerCase() : text) === again) return bytes;
  throw new Failure('bad_secret_input', `the HMAC key is not ${encoding}`, {
    hint: '--hmac-key-encoding is raw, hex or base64',
  });
}
