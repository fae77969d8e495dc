import type { Context } from '../../context.ts';
import type { Secret } from '../../domain/secret.ts';
import { Failure } from '../../errors.ts';
import type { Option } from '../command.ts';
import type { Input } from '../input.ts';

/** Where the passphrase of a backup comes from; the flags for unlocking the store mean another one. */
export const BACKUP_PASSPHRASE: readonly Option[] = [
  { flags: '--from-stdin', about: 'read the passphrase of the backup from stdin' },
  { flags: '--from-file <file>', about: 'read the passphrase of the backup from a file', completes: 'file' },
  { flags: '--from-env <name>', about: 'read the passphrase of the backup from this environment variable' },
];

/** Was one of the flags given? */
export function saysPassphrase(input: Input): boolean {
  return (
    input.flag('fromStdin') || input.text('fromFile') !== undefined || input.text('fromEnv') !== undefined
  );
}

/** Throws `usage` when more than one of the flags was given. */
export function refuseTwoSources(input: Input): void {
  const given = [input.flag('fromStdin'), input.text('fromFile'), input.text('fromEnv')];
  if (given.filter((one) => one !== false && one !== undefined).length < 2) return;
  throw new Failure('usage', 'give one of --from-stdin, --from-file and --from-env');
}

/** What the flags give, else what is typed; `again`: twice. Throws `passphrase_needed` when there is nobody to ask. */
export async function backupPassphrase(
  context: Context,
  input: Input,
  { again }: { again: boolean },
): Promise<Secret> {
  const [file, env] = [input.text('fromFile'), input.text('fromEnv')];
  if (input.flag('fromStdin')) return context.readSecret({ stdin: true });
  if (file !== undefined) return context.readSecret({ file });
  if (env !== undefined) return context.readSecret({ env });
  const question = again ? 'passphrase for the backup (at least 15 characters)' : 'passphrase of the backup';
  try {
    return await context.ask.passphrase(question, { confirm: again });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'passphrase_needed') throw error;
    throw new Failure(error.code, 'the passphrase of the backup is missing, and there is nobody to ask', {
      hint: 'say where it is:',
      retry: { append: '--from-file=FILE' },
      cause: error,
    });
  }
}
