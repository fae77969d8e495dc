import type { Context } from '../../context.ts';
import { type Examined, examineCopy } from '../../domain/backup/examine.ts';
import { Failure } from '../../errors.ts';
import { moment, rfc3339 } from '../../terminal/time.ts';
import type { Command } from '../command.ts';
import { counted } from '../plural.ts';
import { backupJson } from './describe.ts';
import { OPENING, type OpenedBackup, withBackup } from './opening.ts';

export const verify: Command = {
  name: 'verify',
  summary: 'read all of a backup back and check it',
  details:
    'Checks the seal to the last byte, the database, everything sealed in it, the whole audit log and every key. Needs no store here. Exit 10 when something is wrong with it.',
  arguments: [{ name: '<file>', about: 'the backup', completes: 'file' }],
  options: OPENING,
  examples: [
    'backup verify store.age --identity backup.key',
    'backup verify store.age --from-file passphrase.txt',
  ],
  async run(context, input) {
    return withBackup(context, input, (opened) => check(context, opened)).catch((error: unknown) => {
      // That it is damaged is what was asked for.
      if (!(error instanceof Failure) || error.code !== 'backup_damaged') throw error;
      throw new Failure('findings', error.message, { hint: error.hint, cause: error });
    });
  },
};

async function check(context: Context, opened: OpenedBackup): Promise<undefined> {
  const secrets = await context.secrets();
  const examined = await opened.backups.copied(opened.database, (copy) =>
    examineCopy(copy, opened.header, secrets, context.now()),
  );
  const found = [...examined.damages, ...examined.notes.map(({ message }) => message)];
  await tell(context, opened, examined, found);
  if (found.length === 0) return undefined;
  const fit = examined.damages.length === 0 ? 'it can be restored all the same' : "it can't be restored";
  throw new Failure(
    'findings',
    `${counted(found.length, 'thing is', 'things are')} wrong in the backup; ${fit}`,
  );
}

async function tell(
  context: Context,
  { file, header }: OpenedBackup,
  examined: Examined,
  found: readonly string[],
): Promise<void> {
  const { out } = context;
  if (out.audience !== 'json') for (const line of found) await out.warn(line);
  const head = examined.chain.head?.seq ?? 0;
  const findings = found.map((message) => out.spelled(message));
  await out.show({
    heading: found.length === 0 ? `${file} is whole` : file,
    fields: [
      ['store', header.storeId],
      ['made', moment(header.createdAt, context.now())],
      ['keys', String(header.keys)],
      ['audit entries', String(head)],
    ],
    json: { ok: found.length === 0, file, ...backupJson(header), findings },
    tsv: [header.storeId, rfc3339(header.createdAt), String(header.keys), String(head)],
  });
}
