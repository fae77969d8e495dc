import type { Context } from '../context.ts';
import { ERRORS, EXIT } from '../errors.ts';

/** Exit codes with their meaning, as `help exit-codes` and the README show them. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'done, or it was so already; for verify: all valid'],
  [EXIT.failed, 'something unexpected failed'],
  [EXIT.usage, 'wrong usage or input'],
  [EXIT.notFound, 'not found'],
  [EXIT.denied, "denied: a key that doesn't verify, a policy that forbids, or consent refused"],
  [EXIT.conflict, 'conflict: it already exists, is in another state than this needs, or changed meanwhile'],
  [EXIT.locked, "the store can't be unlocked (no keychain, locked, declined, wrong passphrase)"],
  [EXIT.network, 'the network or the provider failed, or nobody consented in time'],
  [EXIT.reauthorize, 'the app must be authorized again'],
  [EXIT.incomplete, "rotation incomplete: the new secret is live, a later step isn't done"],
  [EXIT.findings, 'findings: doctor, audit verify and other gates found something'],
  [
    EXIT.noStore,
    'no usable store: none yet, damaged, foreign, rolled back, read-only, full, newer than this program',
  ],
  [EXIT.busy, 'store busy: try again'],
  [EXIT.cancelled, 'cancelled, or the answer was no'],
];

/** Every environment variable that the program reads, with what it does. */
export const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['KEYWRIGHT_HOME', 'puts store, key file and settings into this one folder (absolute path)'],
  ['KEYWRIGHT_STORE', 'names the store: sqlite:PATH'],
  ['KEYWRIGHT_WORKSPACE', 'the default workspace'],
  ['KEYWRIGHT_ACTOR', 'who runs this, for the audit log; --actor wins'],
  ['KEYWRIGHT_SLOT', 'the slot to unlock with; --slot wins'],
  ['KEYWRIGHT_KEY_FILE', 'the key file to unlock with; --key-file wins'],
  ['KEYWRIGHT_PASSPHRASE_FILE', 'a file with the passphrase; --passphrase-file wins'],
  ['KEYWRIGHT_PASSPHRASE', 'the passphrase itself; last resort, removed from the environment at once'],
  [
    'KEYWRIGHT_KEYCHAIN_TIMEOUT',
    'how long the OS keychain may take, e.g. 10s (default: 5s, on a terminal 60s)',
  ],
  ['KEYWRIGHT_DEBUG', '1 shows where an unexpected error came from'],
  ['NO_COLOR', 'no colour; TERM=dumb too'],
  ['FORCE_COLOR', 'colour in pipes, too; 0 and false mean none'],
  ['CI', 'never ask anything'],
  ['GITHUB_ACTIONS, TF_BUILD', 'true masks secret keys in the logs of GitHub Actions and Azure Pipelines'],
  [
    'XDG_DATA_HOME, XDG_CONFIG_HOME, XDG_STATE_HOME',
    'where the folders are on Linux when KEYWRIGHT_HOME is not set',
  ],
];

type Topic = {
  readonly key: string;
  readonly rows: readonly (readonly [string, string])[];
  readonly json: readonly object[];
};

/** The topics of `keywright help <topic>`. */
const TOPICS: { readonly [name: string]: () => Topic } = {
  'exit-codes': () => ({
    key: 'exit_codes',
    rows: EXIT_CODES.map(([code, meaning]) => [String(code), meaning]),
    json: EXIT_CODES.map(([code, meaning]) => ({ code, meaning })),
  }),
  errors: () => {
    const errors = Object.entries(ERRORS).toSorted(([, a], [, b]) => a.exit - b.exit);
    return {
      key: 'errors',
      rows: errors.map(([code, { exit, meaning }]) => [code, `exit ${exit}: ${meaning}`]),
      json: errors.map(([code, { exit, meaning }]) => ({ code, exit, meaning })),
    };
  },
  environment: () => ({
    key: 'environment',
    rows: ENVIRONMENT,
    json: ENVIRONMENT.map(([name, meaning]) => ({ name, meaning })),
  }),
};

/** Prints a topic. */
export async function printTopic(context: Context, name: string): Promise<undefined> {
  const topic = TOPICS[name]?.() ?? { key: name, rows: [], json: [] };
  if (context.out.audience === 'json') await context.out.json({ [topic.key]: topic.json });
  else if (context.out.audience === 'table') {
    const width = Math.max(...topic.rows.map(([left]) => Math.min(left.length, 26)));
    await context.out.raw(topic.rows.map(([left, right]) => `${left.padEnd(width)}  ${right}\n`).join(''));
  } else
    await context.out.raw(
      topic.rows
        .map(([left, right]) => (context.out.audience === 'quiet' ? `${left}\n` : `${left}\t${right}\n`))
        .join(''),
    );
  return undefined;
}
