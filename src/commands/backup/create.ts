import type { Context } from '../../context.ts';
import { type BackupFacts, createBackup } from '../../domain/backup/create.ts';
import type { Bytes, SealTo } from '../../domain/ports/backup.ts';
import { commandOn } from '../../domain/shell.ts';
import { Failure } from '../../errors.ts';
import { ReaderGone } from '../../terminal/streams.ts';
import type { Command } from '../command.ts';
import type { Input } from '../input.ts';
import { backupJson, contentOf, sizeText } from './describe.ts';
import { backupFile } from './opening.ts';
import { BACKUP_PASSPHRASE, backupPassphrase, refuseTwoSources, saysPassphrase } from './passphrase.ts';

const STDOUT = '-';
/** How often a long one says how far it is, bytes. */
const NOTICE_EVERY = 256 * 1024 * 1024;

export const create: Command = {
  name: 'create',
  summary: 'put the whole store into one sealed file',
  details:
    'Everything that is needed on another machine is in it, sealed in the age format to recipients or to a passphrase. Others may go on writing meanwhile. FILE must not exist; - writes to stdout.',
  arguments: [{ name: '<file>', about: 'the file to make, or -', completes: 'file' }],
  options: [
    { flags: '--recipient <age1…>', about: 'who can open it: an age recipient', repeats: true },
    { flags: '--recipients-file <file>', about: 'age recipients, one a line', completes: 'file' },
    ...BACKUP_PASSPHRASE,
  ],
  examples: [
    'backup create store.age --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
    'backup create store.age --from-file /run/secrets/backup-passphrase',
  ],
  async run(context, input) {
    const file = backupFile(input);
    if (file === STDOUT) refuseTerminal(context);
    const to = await sealTo(context, input);
    await context.store();
    const parts = { access: await context.operator(), backups: await context.backups() };
    let size = 0;
    const ledger = await context.ledger('unlocked');
    const facts = await context.interruptible((signal) =>
      createBackup(ledger, parts, to, (sealed) =>
        write(
          context,
          file,
          counting(context, sealed, signal, (bytes) => (size = bytes)),
        ),
      ),
    );
    await tell(context, { file, facts, to, size });
    return undefined;
  },
};

/** The bytes are the answer then, so nothing else can be. */
function refuseTerminal(context: Context): void {
  if (context.out.audience === 'json')
    throw new Failure('usage', '--json and the backup itself can not both go to stdout');
  if (!context.stdoutIsTTY()) return;
  throw new Failure('usage', 'a backup is no text for a terminal', { hint: 'name a file, or pipe it on' });
}

async function sealTo(context: Context, input: Input): Promise<SealTo> {
  const file = input.text('recipientsFile');
  const named = input.list('recipient');
  refuseTwoSources(input);
  const backups = await context.backups();
  if (named.length === 0 && file === undefined) {
    const passphrase = await newPassphrase(context, input);
    backups.checkPassphrase(passphrase);
    return { passphrase };
  }
  if (saysPassphrase(input))
    throw new Failure('usage', 'a backup is sealed to recipients or to a passphrase: give one of them');
  const recipients = [
    ...new Set([...named, ...(file === undefined ? [] : await recipientsIn(context, file))]),
  ];
  backups.checkRecipients(recipients);
  return { recipients };
}

async function newPassphrase(context: Context, input: Input) {
  try {
    return await backupPassphrase(context, input, { again: true });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'passphrase_needed') throw error;
    throw new Failure('usage', 'whom the backup is for is missing: --recipient, or a passphrase', {
      hint: 'say --recipient age1…, --from-stdin, --from-file or --from-env',
      cause: error,
    });
  }
}

/** As age reads it: one a line, `#` begins a comment. */
async function recipientsIn(context: Context, file: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const line of context.fileLines(file)) {
    const text = line.trim();
    if (text !== '' && !text.startsWith('#')) found.push(text);
  }
  if (found.length > 0) return found;
  throw new Failure('usage', `${file} names no recipient`);
}

async function write(context: Context, file: string, sealed: Bytes): Promise<void> {
  if (file === STDOUT) return pipe(context, sealed);
  await context.writePrivate(file, sealed).catch((error: unknown) => {
    if (!(error instanceof Failure) || error.code !== 'exists') throw error;
    const retry = { replace: file, by: `${file}.new` };
    throw new Failure('exists', error.message, { hint: 'name another file:', retry, cause: error });
  });
}

/** A reader that leaves early has half a backup, which is none. */
async function pipe(context: Context, sealed: Bytes): Promise<void> {
  try {
    for await (const piece of sealed) await context.out.raw(piece);
  } catch (error) {
    if (!(error instanceof ReaderGone)) throw error;
    throw new Failure('output_failed', 'whoever read the backup left before its end', { cause: error });
  }
}

async function* counting(
  context: Context,
  sealed: Bytes,
  signal: AbortSignal,
  count: (bytes: number) => void,
): Bytes {
  let size = 0;
  for await (const piece of sealed) {
    signal.throwIfAborted();
    const steps = Math.floor(size / NOTICE_EVERY);
    size += piece.length;
    count(size);
    if (Math.floor(size / NOTICE_EVERY) > steps) context.out.notice.show(`${sizeText(size)} written so far`);
    yield piece;
  }
}

interface Made {
  readonly file: string;
  readonly facts: BackupFacts;
  readonly to: SealTo;
  readonly size: number;
}

async function tell(context: Context, { file, facts, to, size }: Made): Promise<void> {
  const { out } = context;
  const recipients = 'recipients' in to ? to.recipients.length : null;
  if (file !== STDOUT && out.audience !== 'table')
    await out.value(file, { file, ...backupJson(facts), size, recipients, passphrase: recipients === null });
  await out.say(`backup of ${facts.storeId}: ${contentOf(facts)}, ${sizeText(size)}`);
  const name = file === STDOUT ? 'FILE' : file;
  const identity = recipients === null ? [] : ['--identity', 'IDENTITY'];
  await out.say(`on any machine: ${commandOn('backup restore', name, ...identity, '--unlock', 'auto')}`);
}
