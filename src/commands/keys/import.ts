import type { Context } from '../../context.ts';
import { collectRows } from '../../domain/import/collect.ts';
import { isLikeDigest } from '../../domain/import/digest.ts';
import { hmacKeyIn } from '../../domain/import/hmac-key.ts';
import { type Import, importKeys, tryImport } from '../../domain/import/import-keys.ts';
import { kindsToLookAt, proofMaker } from '../../domain/import/proof.ts';
import { readRows } from '../../domain/import/read.ts';
import type { Row } from '../../domain/import/row.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import { ACCESS_LEVELS } from '../../domain/keys/scopes.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import type { Command } from '../command.ts';
import type { Input } from '../input.ts';
import { DRY_RUN, WORKSPACE } from '../options.ts';
import { counted } from '../plural.ts';
import { oneWorkspace } from '../workspace.ts';
import { keyColumns, keyJson, type Shown, showing } from './describe.ts';
import { defaultsOf, hmacKeyOf, sourceOf } from './import-input.ts';

/** Keys that a terminal shows; the others are in `keys list`. */
const MOST_SHOWN = 50;

export const importCommand: Command = {
  name: 'import',
  summary: 'take over keys that exist already, from a file or stdin',
  details: `They keep working as they are, and from then on are listed, limited and revoked like ours. Formats: lines (one raw token a line), csv (a header, commas), jsonl (one object a line; lists are arrays), with exactly one of token, sha256, sha512, hmac_sha256 in each row, and name, scopes, expires, owner, purpose, mode, networks where the flags don't say it for all. Digests are unsalted, in hex or base64. A token has 16 to 4096 visible ASCII characters. All rows are imported or none; the public keys go to stdout in the order of the rows.`,
  arguments: [{ name: '[file]', about: 'what to import; - or nothing is stdin', completes: 'file' }],
  options: [
    WORKSPACE,
    {
      flags: '--format <format>',
      about: 'lines, csv or jsonl (default: by the name of the file)',
      choices: ['lines', 'csv', 'jsonl'],
    },
    {
      flags: '--scope <scope>',
      about: 'for rows without scopes',
      repeats: true,
      commas: true,
      completes: 'scope',
    },
    {
      flags: '--access <level>',
      about: 'instead of --scope: *:read, or *:read and *:write',
      choices: Object.keys(ACCESS_LEVELS),
    },
    {
      flags: '--expires <when>',
      about: "for rows without one: 90d, 2027-02-19 or never (default: the policy's)",
    },
    { flags: '--owner <member>', about: 'for rows without one (default: you)', completes: 'member' },
    { flags: '--mode <mode>', about: 'for rows without one (default: live)', choices: ['live', 'test'] },
    { flags: '--allow-ip <cidr>', about: 'for rows without networks', repeats: true, commas: true },
    { flags: '--integration <name>', about: 'the configured integration that all are bound to' },
    { flags: '--hmac-key-from-file <file>', about: 'the key of the hmac_sha256 digests', completes: 'file' },
    { flags: '--hmac-key-from-env <name>', about: 'the same, from an environment variable' },
    {
      flags: '--hmac-key-encoding <encoding>',
      about: 'how that key is written: raw, hex or base64 (default: raw)',
      choices: ['raw', 'hex', 'base64'],
    },
    DRY_RUN,
  ],
  examples: [
    'keys import tokens.txt --access read --expires 30d',
    'keys import keys.csv --workspace acme --dry-run',
    'keys import digests.jsonl --hmac-key-from-file hmac.key --scope orders:read',
  ],
  async run(context, input) {
    const wish = await wishOf(context, input);
    const { workspace, candidates, likeDigests } = wish;
    if (likeDigests > 0) await context.out.say(digestsNote(likeDigests));
    const ledger = await context.ledger('unlocked');
    if (input.flag('dryRun')) {
      await tryImport(ledger.store, ledger.actor, wish, context.now());
      await context.out.say(`would import ${counted(candidates.length, 'key')} into ${workspace.slug}`);
      if (context.out.audience === 'json')
        await context.out.json({ dry_run: true, count: candidates.length });
      return undefined;
    }
    const keys = await importKeys(ledger, context.random, wish, (count) =>
      progress(context, 'importing', count, candidates.length),
    );
    await tell(context, keys, workspace);
    return undefined;
  },
};

/** Everything is parsed and the store unlocked before the first row is read. */
async function wishOf(context: Context, input: Input): Promise<Import & { readonly likeDigests: number }> {
  const defaults = defaultsOf(context, input);
  const { format, from } = sourceOf(context, input);
  const given = await hmacKeyOf(context, input);
  const store = await context.store();
  const workspace = await oneWorkspace(context, store, input);
  const access = await context.operator();
  const { hasher } = access;
  const hmac = given && (await hmacKeyIn(store, access, given, context.now()));
  const kinds = kindsToLookAt(await store.keys.foreignKinds(), hasher);
  const proofOf = proofMaker({ hasher, workspaceId: workspace.id, kinds, hmac });
  let likeDigests = 0;
  const rules = {
    ...{ defaults, now: context.now(), actor: context.actor().name },
    proofOf(values: Row['values']) {
      if (typeof values.token === 'string' && isLikeDigest(values.token)) likeDigests++;
      return proofOf(values);
    },
  };
  const rows = readRows(format, context.dataLines(from));
  const candidates = await collectRows(rows, rules, (count) => progress(context, 'reading', count));
  const hmacUsed = candidates.some(({ found }) => found.kind === 'hmac-sha256');
  const integration = input.name('integration');
  const hmacKey = hmacUsed ? hmac?.sealed : undefined;
  return { workspace, integration, candidates, kinds, hmacKey, likeDigests };
}

/** Random tokens may look so, too; but a digest taken for a token makes a key of what was never secret. */
function digestsNote(count: number): string {
  const tokens = counted(count, 'token is', 'tokens are');
  return `note: ${tokens} shaped like SHA-256 or SHA-512 digests; if they are, give them as sha256 or sha512, for a digest that is imported as a token verifies as one`;
}

function progress(context: Context, what: string, done: number, total?: number): void {
  if (context.out.audience !== 'quiet') context.out.notice.progress(what, done, total);
}

async function tell(context: Context, keys: readonly ApiKey[], workspace: Workspace): Promise<void> {
  const { out } = context;
  const show = await showing(await context.store());
  const now = context.now();
  const onTerminal = out.audience === 'table';
  const shown = onTerminal ? keys.slice(0, MOST_SHOWN) : keys;
  await out.say(`imported ${counted(keys.length, 'key')} into ${workspace.slug}`);
  await out.list<Shown>({
    key: 'keys',
    columns: onTerminal ? keyColumns(now) : [{ header: 'PUBLIC KEY', tsv: ({ key }) => publicKey(key) }],
    ...(onTerminal ? { tableColumns: ['NAME', 'PUBLIC KEY', 'SCOPES', 'OWNER', 'EXPIRES'] } : {}),
    json: (item) => keyJson(item, now),
    pages: (async function* () {
      yield { items: shown.map(show), next: null };
    })(),
  });
  if (shown.length < keys.length) {
    await out.say(`and ${counted(keys.length - shown.length, 'other')}`);
    await out.hint(`{keywright} keys list -w ${workspace.slug}`);
  }
}
