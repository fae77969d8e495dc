import type { Context } from '../../context.ts';
import { checkChain } from '../../domain/audit/check.ts';
import { exportLog, publicKeyPem, SIGNING_KEY, signingKey } from '../../domain/audit/export.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { readUnlocked, type Unlocked } from '../../domain/slots/locked-store.ts';
import { parseSince } from '../../domain/time.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { badValue, type Input } from '../input.ts';

export const exportCommand: Command = {
  name: 'export',
  summary: 'write the audit log as signed JSON lines',
  details:
    'The last line is an Ed25519 signature over the SHA-256 of all before it; audit verify --file checks it anywhere.',
  options: [
    {
      flags: '--output <file>',
      about: 'make this file (0600) instead of writing to stdout',
      completes: 'file',
    },
    { flags: '--since <when>', about: 'only entries since, e.g. 30d or 2026-11-01' },
    { flags: '--public-key', about: 'only print the public key, as PEM' },
  ],
  examples: ['audit export --output audit.jsonl', 'audit export --public-key > audit.pem'],
  async run(context, input) {
    const output = input.text('output');
    if (input.flag('publicKey')) return printPublicKey(context, output);
    const from = await firstEntry(context, input);
    const { seed, end } = await soundLog(context);
    const lines = exportLog((await context.store()).audit, from, end, seed);
    const { publicKey } = signingKey(seed);
    if (output === undefined) for await (const line of lines) await context.out.raw(line);
    else await writeOutput(context, output, lines, publicKey);
    await context.out.say(`signed by ${publicKey}`);
    return undefined;
  },
};

async function printPublicKey(context: Context, output: string | undefined): Promise<undefined> {
  const { publicKey } = signingKey(await readUnlocked(await context.store(), context, signingSeed));
  const pem = publicKeyPem(publicKey);
  if (output !== undefined) await writeOutput(context, output, [pem], publicKey);
  else if (context.out.audience === 'json') await context.out.json({ public_key: publicKey });
  else await context.out.raw(pem);
  return undefined;
}

async function writeOutput(
  context: Context,
  output: string,
  chunks: Iterable<string> | AsyncIterable<string>,
  publicKey: string,
): Promise<void> {
  const all = (async function* () {
    yield* chunks;
  })();
  await context.writePrivate(output, all).catch((error: unknown) => {
    throw aboutOutput(error, output);
  });
  if (context.out.audience === 'json') await context.out.json({ output, public_key: publicKey });
}

/** What is there is not overwritten: another place is the next thing to try. */
function aboutOutput(error: unknown, output: string): unknown {
  if (!(error instanceof Failure) || error.code !== 'exists') return error;
  const hint = 'name another file:';
  const retry = { replace: output, by: `${output}.new` };
  return new Failure(error.code, error.message, { hint, retry, cause: error });
}

/** A signature is not put under what was edited. Gives back the key, and the last entry that it may sign. */
async function soundLog(context: Context): Promise<{ seed: Uint8Array; end: number }> {
  return readUnlocked(await context.store(), context, async (readers, unlocked) => {
    const { bad, entries } = await checkChain(readers.audit, unlocked.access.audit, unlocked.mark);
    if (bad === null) return { seed: await signingSeed(readers, unlocked), end: entries };
    throw new Failure(
      'findings',
      `the audit log is wrong from entry ${bad.seq} on: ${bad.reason}; nothing was exported`,
      {
        hint: '{keywright} audit verify',
      },
    );
  });
}

async function signingSeed({ slots }: Readers, { access }: Unlocked): Promise<Uint8Array> {
  const sealed = await slots.sealed(SIGNING_KEY.record, SIGNING_KEY.field);
  if (sealed === undefined)
    throw new Failure('slot_damaged', 'the signing key of the audit log is missing', {
      hint: '{keywright} doctor',
    });
  return Buffer.from(access.open(sealed).reveal(), 'base64');
}

/** The sequence number of the first entry since then; times may repeat, so it is found from the newest on. */
async function firstEntry(context: Context, input: Input): Promise<number> {
  const text = input.text('since');
  if (text === undefined) return 1;
  const since = parseSince(text, context.now());
  if (since === undefined)
    throw badValue('since', 'must be a duration such as 30d, or a date such as 2026-11-01');
  const { audit } = await context.store();
  let first: number | undefined;
  let after: string | undefined;
  do {
    const page = await audit.page({ since }, { limit: 1000, after });
    first = page.items.at(-1)?.seq ?? first;
    after = page.next ?? undefined;
  } while (after !== undefined);
  return first ?? ((await audit.head())?.seq ?? 0) + 1;
}
