import type { Context } from '../../context.ts';
import { kidOfId } from '../../domain/ids.ts';
import { findKey } from '../../domain/keys/find.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import type { Selection } from '../../domain/keys/select.ts';
import { parsePublicKey } from '../../domain/keys/token.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { Failure } from '../../errors.ts';
import type { Input } from '../input.ts';
import { narrowing, workspaceIfClear } from '../workspace.ts';
import { keyFilter } from './filter.ts';
import { type Checked, keyOnStdin } from './in-hand.ts';

const FILTERS = ['status', 'owner', 'integration', 'expiringWithin', 'unusedFor', 'match'];

/** What to do when no key is named. */
const NAME_ONE = { hint: '{keywright} keys list shows them, then', retry: { append: 'NAME' } };

/** The one key that an argument, or a secret key on stdin, names. */
export async function oneKey(
  context: Context,
  store: Readers,
  input: Input,
  checked: Checked = 'not',
): Promise<ApiKey> {
  return (await keyInHand(context, store, input, checked)).key;
}

/** The same, and whether it was named by a secret of its own that was seen to verify. */
export async function keyInHand(
  context: Context,
  store: Readers,
  input: Input,
  checked: Checked,
): Promise<{ readonly key: ApiKey; readonly withSecret: boolean }> {
  const { names, withSecret } = await namedKeys(context, store, input, checked);
  const [text, ...more] = names;
  if (text === undefined)
    throw new Failure('usage', 'which key? a name, an id or a public key is missing', NAME_ONE);
  if (more.length > 0) throw new Failure('usage', 'one key at a time');
  const key = await findKey(store, text, await within(context, store, input, [text]));
  return { key, withSecret };
}

/** A command that changes something checks the secret by what it opens anyway; a dry run opens nothing for it. */
export function checkedBy(input: Input): Checked {
  return input.flag('dryRun') ? 'at hand' : 'opened';
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
export async function selectionOf(
  context: Context,
  store: Readers,
  input: Input,
  checked: Checked = 'at hand',
): Promise<Selection> {
  const { names, withSecret } = await namedKeys(context, store, input, checked);
  const filtered = isFiltered(input);
  if (names.length > 0 && filtered) throw new Failure('usage', 'name keys or filter them, not both');
  if (names.length > 0) return { names, workspaceId: await within(context, store, input, names), withSecret };
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

async function namedKeys(
  context: Context,
  store: Readers,
  input: Input,
  checked: Checked,
): Promise<{ readonly names: readonly string[]; readonly withSecret: boolean }> {
  if (!input.flag('fromStdin')) return { names: input.args, withSecret: false };
  if (input.args.length > 0) throw new Failure('usage', 'name a key or give --from-stdin, not both');
  const { name, proven } = await keyOnStdin(context, store, checked);
  return { names: [name], withSecret: proven };
}
