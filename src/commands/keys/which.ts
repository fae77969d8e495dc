import type { Context } from '../../context.ts';
import { keyId, kidOfId } from '../../domain/ids.ts';
import { findKey, kidOfImported } from '../../domain/keys/find.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import type { Selection } from '../../domain/keys/select.ts';
import { parsePublicKey, parseSecretKey } from '../../domain/keys/token.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { Failure } from '../../errors.ts';
import type { Input } from '../input.ts';
import { narrowing, workspaceIfClear } from '../workspace.ts';
import { keyFilter } from './filter.ts';

const FILTERS = ['status', 'owner', 'integration', 'expiringWithin', 'unusedFor', 'match'];

/** What to do when no key is named. */
const NAME_ONE = { hint: '{keywright} keys list shows them, then', retry: { append: 'NAME' } };

/** The one key that an argument, or a secret key on stdin, names. */
export async function oneKey(context: Context, store: Readers, input: Input): Promise<ApiKey> {
  const [text, ...more] = await namedKeys(context, store, input);
  if (text === undefined)
    throw new Failure('usage', 'which key? a name, an id or a public key is missing', NAME_ONE);
  if (more.length > 0) throw new Failure('usage', 'one key at a time');
  return findKey(store, text, await within(context, store, input, [text]));
}

/** The workspace in which `text` is looked for: the default counts for names only, `-w` for ids, too. */
export async function within(
  context: Context,
  store: Readers,
  input: Input,
  texts: readonly string[],
): Promise<string | undefined> {
  const onlyIds = texts.every((text) => kidOfId(text) !== undefined || parsePublicKey(text) !== undefined);
  const workspace = onlyIds ? await narrowing(store, input) : await workspaceIfClear(context, store, input);
  return workspace?.id;
}

/**
 * The keys that a command on several is about: named ones, or those that fit the filters, or `--all`.
 * Naming and filtering together is refused: one of the two was a mistake.
 */
export async function selectionOf(context: Context, store: Readers, input: Input): Promise<Selection> {
  const names = await namedKeys(context, store, input);
  const filtered = isFiltered(input);
  if (names.length > 0 && filtered) throw new Failure('usage', 'name keys or filter them, not both');
  if (names.length > 0) {
    const withSecret = input.flag('fromStdin');
    return { names, workspaceId: await within(context, store, input, names), withSecret };
  }
  if (!filtered) {
    throw new Failure(
      'usage',
      'which keys? name them, filter them (--status, --owner, --match …) or say --all',
      NAME_ONE,
    );
  }
  const workspace = await workspaceIfClear(context, store, input);
  return { filter: await keyFilter(context, store, input, workspace?.id, input.text('match')) };
}

/** Does the command line ask for several keys, by name or by a filter? */
export function severalAsked(input: Input): boolean {
  return input.args.length > 1 || isFiltered(input);
}

function isFiltered(input: Input): boolean {
  return input.flag('all') || FILTERS.some((name) => input.text(name) !== undefined);
}

async function namedKeys(context: Context, store: Readers, input: Input): Promise<readonly string[]> {
  if (!input.flag('fromStdin')) return input.args;
  if (input.args.length > 0) throw new Failure('usage', 'name a key or give --from-stdin, not both');
  const token = (await context.readSecret({ stdin: true })).reveal().trim();
  const hasher = async () => (await context.verifier()).hasher;
  const kid = parseSecretKey(token)?.kid ?? (await kidOfImported(store, hasher, token));
  if (kid === undefined)
    throw new Failure('bad_secret_input', 'what is on stdin is no secret key, or was cut or mistyped');
  return [keyId(kid)];
}
