import type { Context } from '../../context.ts';
import { type BackupHeader, readPayload } from '../../domain/backup/payload.ts';
import type { Backups, Bytes, OpenWith } from '../../domain/ports/backup.ts';
import { Failure } from '../../errors.ts';
import type { Option } from '../command.ts';
import type { Input } from '../input.ts';
import { BACKUP_PASSPHRASE, backupPassphrase, refuseTwoSources, saysPassphrase } from './passphrase.ts';

/** What a backup is opened with. */
export const OPENING: readonly Option[] = [
  {
    flags: '--identity <file>',
    about: 'open it with the age identities in this file',
    repeats: true,
    completes: 'file',
  },
  ...BACKUP_PASSPHRASE,
];

/** From so many audit entries on, reading takes seconds, and it is said that it does. */
const MANY = 50_000;

/** A backup whose first line was read; the database is still to come. */
export interface OpenedBackup {
  readonly file: string;
  readonly backups: Backups;
  readonly header: BackupHeader;
  readonly database: Bytes;
}

/** The file that was named. */
export function backupFile(input: Input): string {
  const [file, ...more] = input.args;
  if (file !== undefined && more.length === 0) return file;
  throw new Failure('usage', file === undefined ? 'FILE is missing: which backup?' : 'one FILE at a time');
}

/** Opens the file as its flags say, for `work`; throws the failures of `Backups.open` and `readPayload`. */
export async function withBackup<T>(
  context: Context,
  input: Input,
  work: (backup: OpenedBackup) => Promise<T>,
): Promise<T> {
  const file = backupFile(input);
  const by = await openWith(context, input);
  const backups = await context.backups();
  const bytes = backups.read(file);
  try {
    const sealed = await backups.open(bytes, by).catch((error: unknown) => {
      throw otherWayIn(error, input, file);
    });
    const payload = await readPayload(sealed);
    if (payload.header.entries > MANY) context.out.notice.show('reading all of the backup back');
    return await work({ file, backups, ...payload });
  } finally {
    context.out.notice.clear();
    await bytes.close();
  }
}

/** What was given is not how the file was sealed: the other flag takes its place, for both at once are refused. */
function otherWayIn(error: unknown, input: Input, file: string): unknown {
  if (!(error instanceof Failure)) return error;
  const named = input.list('identity').length > 0;
  if (error.code === 'passphrase_needed' && named)
    return new Failure(error.code, 'the backup is sealed to a passphrase, and an identity was given', {
      hint: `say --from-stdin, --from-file or --from-env in place of --identity for ${file}`,
      cause: error,
    });
  if (error.code === 'identity_wrong' && saysPassphrase(input))
    return new Failure(error.code, 'the backup is sealed to recipients, and a passphrase was given', {
      hint: `say --identity FILE, with the private half of one, in place of the passphrase for ${file}`,
      cause: error,
    });
  return error;
}

async function openWith(context: Context, input: Input): Promise<OpenWith> {
  const files = input.list('identity');
  refuseTwoSources(input);
  if (files.length > 0 && saysPassphrase(input)) {
    throw new Failure('usage', 'a backup opens with identities or with a passphrase: give one of them');
  }
  const identities = await Promise.all(files.map((file) => context.readSecret({ file })));
  return { identities, passphrase: () => backupPassphrase(context, input, { again: false }) };
}
