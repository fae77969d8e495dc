import type { Context } from '../../context.ts';
import { newKid } from '../../domain/ids.ts';
import type { Verification } from '../../domain/keys/answer.ts';
import { hasherSource } from '../../domain/keys/hasher-source.ts';
import { type Asked, VERIFICATION_CODES } from '../../domain/keys/judge.ts';
import { noteLateUse } from '../../domain/keys/late-use.ts';
import { isAddress } from '../../domain/keys/networks.ts';
import { isScope } from '../../domain/keys/scopes.ts';
import { UsageRecorder } from '../../domain/keys/usage.ts';
import { KeyVerifier } from '../../domain/keys/verify.ts';
import type { Store } from '../../domain/ports/store.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { badValue, type Input } from '../input.ts';
import { WORKSPACE } from '../options.ts';
import { narrowing } from '../workspace.ts';

/** A pipe that stays open this long, ms, is a running verifier to who waits until an old version is unused. */
const LONG = 5000;

export const verify: Command = {
  name: 'verify',
  summary: 'verify secret keys from stdin, one a line',
  details:
    'One answer a line in the order of the input, as soon as the line is there; exit 0 when all are valid, else 4. The secret key is never echoed. -q prints the public keys of valid and invalid ones alike, - for what is no key: the verdict is the exit code.',
  options: [
    { ...WORKSPACE, about: 'only keys of this workspace are valid' },
    {
      flags: '--scope <scope>',
      about: 'it must have this scope',
      repeats: true,
      commas: true,
      completes: 'scope',
    },
    { flags: '--mode <mode>', about: 'only live or only test keys are valid', choices: ['live', 'test'] },
    { flags: '--ip <address>', about: 'the address that the request came from' },
    { flags: '--explain', about: 'say why a key is not valid' },
  ],
  examples: [
    'keys verify --scope orders:read < key.txt',
    'keys verify --explain --ip 203.0.113.7 --json < keys.txt',
  ],
  async run(context, input) {
    const asked = askedOf(input);
    const store = await context.store();
    const workspaceId = (await narrowing(store, input))?.id;
    const verifier = openVerifier(context, store);
    const explain = input.flag('explain');
    let [all, bad] = [0, 0];
    try {
      for await (const lines of await tokens(context)) {
        // What arrived together is answered together: a program that sends one key and waits gets its answer.
        let answers = '';
        for (const line of lines) {
          const answer = await verifier.keys.verify(line ?? '', { ...asked, workspaceId });
          if (!answer.valid) bad++;
          answers += `${lineFor(context, answer, explain)}\n`;
        }
        all += lines.length;
        await context.out.raw(answers);
        if (verifier.usage.full) await verifier.usage.flush();
      }
    } finally {
      await verifier.usage.close();
    }
    if (all === 0)
      throw new Failure('usage', 'no key on stdin', { hint: '{keywright} keys verify < key.txt' });
    if (bad === 0) return undefined;
    const what = all === 1 ? 'the key does' : `${bad} of ${all} keys ${bad === 1 ? 'does' : 'do'}`;
    throw new Failure('not_verified', `${what} not verify`, explain ? {} : { hint: '--explain tells why' });
  },
};

function askedOf(input: Input): Asked {
  const scopes = input.list('scope');
  for (const scope of scopes)
    if (!isScope(scope)) throw badValue('scope', `"${scope}" is not resource:action, such as orders:read`);
  const ip = input.text('ip');
  if (ip !== undefined && !isAddress(ip)) throw badValue('ip', `"${ip}" is not an IPv4 or IPv6 address`);
  return { scopes, ip, mode: input.text('mode') };
}

function openVerifier(context: Context, store: Store): { keys: KeyVerifier; usage: UsageRecorder } {
  // A long pipe of keys writes its last uses on the way; what is left is flushed at the end.
  const usage = new UsageRecorder({
    write: (batch) => store.recordUsage(batch),
    later: (task, ms) => context.later(task, ms),
    interval: 200,
    now: context.now,
    lateUse: async (kid, version) => noteLateUse(await context.ledger('locked'), kid, version),
    reporter: { id: () => newKid(context.random), after: LONG },
  });
  const parts = {
    store,
    usage,
    now: context.now,
    hasher: hasherSource(store.slots, () => context.verifier(), context.now),
  };
  return { usage, keys: new KeyVerifier(parts) };
}

async function tokens(context: Context): Promise<AsyncIterable<readonly (string | null)[]>> {
  if (!context.stdinIsTTY()) return context.lines();
  const typed = await context.ask.passphrase('secret key');
  return (async function* () {
    yield [typed.reveal()];
  })();
}

function lineFor(context: Context, answer: Verification, explain: boolean): string {
  const { audience } = context.out;
  if (audience === 'json') return JSON.stringify(answer);
  const verdict = answer.valid ? 'valid' : 'invalid';
  const known = answer.public_key ?? '-';
  if (audience === 'quiet') return known;
  const why = explain ? [answer.code, VERIFICATION_CODES[answer.code]] : [];
  if (audience === 'tsv') return [known, verdict, ...why].join('\t');
  const whose = answer.workspace === null ? '' : `  ${known} of ${answer.workspace}`;
  return explain && !answer.valid ? `${verdict}${whose}  ${why[1]}` : `${verdict}${whose}`;
}
