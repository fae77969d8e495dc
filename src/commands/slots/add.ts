import type { Context } from '../../context.ts';
import type { SlotKind, SlotRequest, SlotRole } from '../../domain/ports/secrets.ts';
import type { Secret } from '../../domain/secret.ts';
import { addSlot } from '../../domain/slots/manage.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { badValue, type Input } from '../input.ts';
import { slotJson } from './describe.ts';

const KINDS: readonly SlotKind[] = ['keychain', 'passphrase', 'key-file'];

export const add: Command = {
  name: 'add',
  summary: 'add a way to unlock the store',
  details: 'An operator slot opens everything; a verifier slot only verifies keys, for an app server.',
  options: [
    { flags: '--kind <kind>', about: KINDS.join(', '), choices: KINDS },
    {
      flags: '--role <role>',
      about: 'operator or verifier (default: operator)',
      choices: ['operator', 'verifier'],
    },
    { flags: '--name <name>', about: 'what you call it (default: kind and role)' },
    { flags: '--path <file>', about: 'where to make the key file', completes: 'file' },
    { flags: '--from-stdin', about: 'read the new passphrase from stdin' },
    { flags: '--from-file <file>', about: 'read the new passphrase from a file', completes: 'file' },
    { flags: '--from-env <name>', about: 'read the new passphrase from this environment variable' },
  ],
  examples: [
    'slots add --kind passphrase --name recovery',
    'slots add --kind key-file --role verifier --path /etc/my-api/verify.key',
    'slots add --kind passphrase --from-file /run/secrets/passphrase',
  ],
  async run(context, input) {
    const request = await requestOf(context, input);
    await context.store();
    const access = await context.operator();
    const slot = await addSlot(
      await context.ledger('unlocked'),
      access,
      await context.secrets(),
      request,
    ).catch((error: unknown) => {
      throw inTheseFlags(error, request);
    });
    await context.out.say(`added the ${slot.role} slot ${slot.name} (${slot.kind})`);
    if (context.out.audience !== 'table')
      await context.out.value(slot.name, slotJson({ slot, primary: false }));
    return undefined;
  },
};

/** The failure with a hint for this command: kinds and key files are named by other flags here than elsewhere. */
export function inTheseFlags(error: unknown, { kind, keyFile }: SlotRequest): unknown {
  if (!(error instanceof Failure)) return error;
  if (kind === 'keychain' && error.code.startsWith('keychain_')) {
    const hint =
      'unlock or start the OS keychain and try again, or {keywright} slots add --kind passphrase, ' +
      'or {keywright} slots add --kind key-file --path FILE';
    return new Failure(error.code, error.message, { hint, cause: error });
  }
  if (keyFile === undefined || !error.message.includes(keyFile)) return error;
  const hint = error.hint?.replace('--key-file', '--path') ?? 'name another place with --path';
  return new Failure(error.code, error.message, { hint, cause: error });
}

async function requestOf(context: Context, input: Input): Promise<SlotRequest> {
  const kind = await kindOf(context, input);
  const role = (input.text('role') ?? 'operator') as SlotRole;
  const name = input.name('name') ?? (role === 'operator' ? kind : `${kind}-verifier`);
  const path = input.text('path');
  if (kind === 'key-file') {
    if (path === undefined)
      throw new Failure('usage', '--path is missing: where shall the key file be made?');
    if (!path.startsWith('/') && !/^[A-Za-z]:[\\/]/.test(path))
      throw badValue('path', 'must be an absolute path');
    return { name, kind, role, keyFile: path };
  }
  if (path !== undefined) throw badValue('path', `is for key files, not for a ${kind} slot`);
  if (kind === 'keychain') return { name, kind, role };
  return { name, kind, role, passphrase: await newPassphrase(context, input) };
}

async function kindOf(context: Context, input: Input): Promise<SlotKind> {
  const kind = input.text('kind') as SlotKind | undefined;
  if (kind !== undefined) return kind;
  if (!context.ask.interactive) throw new Failure('usage', `--kind is missing: ${KINDS.join(', ')}`);
  return context.ask.select(
    'kind of slot',
    KINDS.map((value) => ({ name: value, value })),
  );
}

/** The passphrase of a new slot; the flags for unlocking an existing one mean another. */
async function newPassphrase(context: Context, input: Input): Promise<Secret> {
  const [file, env] = [input.text('fromFile'), input.text('fromEnv')];
  const given = [input.flag('fromStdin'), file !== undefined, env !== undefined].filter(Boolean).length;
  if (given > 1) throw new Failure('usage', 'give one of --from-stdin, --from-file and --from-env');
  if (input.flag('fromStdin')) return context.readSecret({ stdin: true });
  if (file !== undefined) return context.readSecret({ file });
  if (env !== undefined) return context.readSecret({ env });
  if (!context.ask.interactive) {
    throw new Failure('usage', 'the new passphrase is missing: --from-stdin, --from-file or --from-env');
  }
  return context.ask.passphrase('new passphrase (at least 15 characters)', { confirm: true });
}
