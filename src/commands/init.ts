import type { Context } from '../context.ts';
import type { SlotKind, SlotRecord, SlotRequest } from '../domain/ports/secrets.ts';
import type { Store } from '../domain/ports/store.ts';
import { seedStore } from '../domain/setup/initialise.ts';
import { commandLine, quote } from '../domain/shell.ts';
import { Failure, PROGRAM } from '../errors.ts';
import type { Command } from './command.ts';
import type { Input } from './input.ts';
import { keyFileTrouble } from './key-file-trouble.ts';
import { primarySlot, UNLOCK, type Unlock } from './new-slot.ts';
import { NEW_WORKSPACE, newWorkspaceOf } from './workspaces/new.ts';

export const init: Command = {
  name: 'init',
  summary: 'set up a store with its first workspace',
  details:
    'Run again it changes nothing. `--unlock auto` takes the OS keychain when it works, and a key file only on a machine that has no keychain service.',
  options: [
    { flags: '-w, --workspace <ws>', about: 'short name of the first workspace (default: personal)' },
    UNLOCK,
    { flags: '--no-recovery', about: 'make no second way in, a passphrase, for the day the first is gone' },
    ...NEW_WORKSPACE,
  ],
  examples: [
    'init',
    'init --workspace acme --unlock auto',
    'init --unlock passphrase --passphrase-file /run/secrets/passphrase',
  ],
  async run(context, input) {
    if (input.args.length > 0)
      throw new Failure('usage', 'init takes no argument', { hint: '{keywright} init --workspace …' });
    const wish = newWorkspaceOf(input.text('workspace') ?? 'personal', input, undefined);
    refuseVanished(context);
    if (!context.hasStore()) {
      const primary = await primarySlot(context, input.text('unlock') as Unlock | undefined, 'init');
      const recovery = await recoverySlot(context, input, primary.kind);
      const parts = {
        secrets: await context.secrets(),
        random: context.random,
        now: context.now,
        actor: context.actor(),
      };
      let remember = (): void => undefined;
      const { created } = await context.createStore(async () => {
        const { seed, access } = await seedStore(parts, { workspace: wish, primary, recovery });
        remember = () => rememberFrom(context, seed, (body) => access.audit.anchorMac(body));
        return seed;
      });
      if (created) {
        remember();
        return tell(context, true);
      }
    }
    await compare(context, await context.store(), input);
    return tell(context, false);
  },
};

/** A store that this machine remembers and that is gone is no reason to begin anew in its place. */
function refuseVanished(context: Context): void {
  // In this order: another `init` makes the store first and its memory afterwards.
  const remembered = context.anchor().read() !== undefined;
  if (!remembered || context.hasStore()) return;
  throw new Failure('store_missing', `the store that was at ${context.places().store} is gone`, {
    hint: 'put it back, or give it up with {keywright} doctor --accept-rollback and run init again',
  });
}

/** On a terminal it is asked for; without one it is made when a passphrase was given. */
async function recoverySlot(
  context: Context,
  input: Input,
  primary: SlotKind,
): Promise<SlotRequest | undefined> {
  if (primary === 'passphrase' || input.off('recovery')) return undefined;
  if (!context.ask.interactive && !context.sources.passphraseGiven) return undefined;
  const passphrase = await recoveryPassphrase(context, input);
  return { name: 'recovery', kind: 'passphrase', role: 'operator', passphrase };
}

type Passphrase = NonNullable<SlotRequest['passphrase']>;

const NO_PASSPHRASE: readonly string[] = ['passphrase_needed', 'bad_secret_input', 'usage'];

/** Whoever types none, a short one, or not the same twice, may not want one: the hint is the same line without it. */
async function recoveryPassphrase(context: Context, input: Input): Promise<Passphrase> {
  if (context.sources.passphraseGiven) return context.sources.passphrase('new');
  const what = 'recovery passphrase, for the day the keychain or key file is gone';
  try {
    return await context.ask.passphrase(`${what} (at least 15 characters; --no-recovery leaves it out)`, {
      confirm: true,
    });
  } catch (error) {
    if (!(error instanceof Failure) || !NO_PASSPHRASE.includes(error.code)) throw error;
    // Under "set one up now?" another command was typed, and the flag is not there to be on.
    const typed = input.flag('recovery');
    const way = typed
      ? { hint: 'try again, or', retry: { append: '--no-recovery' } }
      : { hint: 'try again, or {keywright} init --no-recovery' };
    throw new Failure(error.code, error.message, { ...way, cause: error });
  }
}

/** The same `init` twice is no error; another wish than what is there is. */
async function compare(context: Context, store: Store, input: Input): Promise<void> {
  await compareWorkspace(store, input);
  const unlock = input.text('unlock');
  const slots = await store.slots.all();
  if (unlock === undefined || unlock === 'auto' || slots.some((slot) => slot.kind === unlock)) return;
  const ways = [...new Set(slots.map((slot) => slot.kind))].join(' or ');
  const path = unlock === 'key-file' ? ` --path ${quote(context.places().keyFile)}` : '';
  throw new Failure('exists', `there is a store already, unlocked by ${ways}`, {
    hint: `{keywright} slots add --kind ${unlock}${path}`,
  });
}

async function compareWorkspace(store: Store, input: Input): Promise<void> {
  const [slug, kind, brand] = [input.text('workspace'), input.text('kind'), input.text('brand')];
  const flags = [
    ...(kind === undefined ? [] : ['--kind', kind]),
    ...(brand === undefined ? [] : ['--brand', brand]),
  ];
  const found = slug === undefined ? (await store.workspaces.all())[0] : await store.workspaces.bySlug(slug);
  if (found === undefined) {
    throw new Failure('exists', 'there is a store already, without that workspace', {
      hint: commandLine(PROGRAM, 'workspaces', 'create', slug ?? 'NAME', ...flags),
    });
  }
  if ((kind ?? found.kind) === found.kind && (brand ?? found.brand) === found.brand) return;
  const is = `the ${found.kind} workspace ${found.slug} with the brand ${found.brand}`;
  throw new Failure('exists', `there is a store already, with ${is}`, {
    hint: `another workspace may have others: ${commandLine(PROGRAM, 'workspaces', 'create', 'NAME', ...flags)}`,
  });
}

type Seed = Awaited<ReturnType<typeof seedStore>>['seed'];

/** After the store is in place, so that a killed `init` leaves no memory of a store that never was. */
function rememberFrom(context: Context, seed: Seed, mac: (body: Uint8Array) => Uint8Array): void {
  const last = seed.audit.at(-1);
  if (last !== undefined)
    context.anchor().raise({ storeId: seed.identity.id, seq: last.seq, head: last.hash }, mac);
}

async function tell(context: Context, created: boolean): Promise<undefined> {
  const store = await context.store();
  const slots = await store.slots.all();
  const workspaces = await store.workspaces.all();
  const first = workspaces[0];
  const members = first === undefined ? [] : await store.workspaces.members(first.id);
  const owner = members.find(({ role }) => role === 'owner')?.name;
  const primary = slots.find((slot) => slot.id === store.identity.primarySlot);
  const recovery = slots.find((slot) => slot.name === 'recovery');
  const places = context.places();
  if (!created) await context.out.say('there is a store already; nothing was changed');
  await context.out.say(`store      ${places.store}`);
  if (primary !== undefined) await context.out.say(`unlock     ${wayOf(primary, created)}`);
  await context.out.say(`workspace  ${first?.slug}, owner ${owner}`);
  await context.out.say(
    `recovery   ${recovery === undefined ? 'none; {keywright} slots add --kind passphrase adds one' : `${recovery.kind} slot${created ? ' added' : ''}`}`,
  );
  const trouble = created ? undefined : await keyFileTrouble(context, store, primary);
  if (trouble !== undefined) await context.out.warn(`note: ${trouble.message}`);
  if (primary?.kind === 'key-file' && places.together) {
    await context.out.say('note: key file and database are in one folder; a copy of it opens everything');
  }
  const facts = {
    store: places.store,
    store_id: store.identity.id,
    unlock: primary?.kind ?? null,
    workspace: first?.slug ?? null,
  };
  if (context.out.audience === 'json')
    await context.out.json({ created, ...facts, recovery: recovery !== undefined });
  if (created) await context.out.say('next: {keywright} keys create --scope orders:read');
  return undefined;
}

function wayOf(slot: SlotRecord, created: boolean): string {
  if (slot.kind === 'keychain') return created ? 'OS keychain (written and read back)' : 'OS keychain';
  if (slot.kind === 'passphrase') return 'passphrase';
  return `key file ${keyFileOf(slot) ?? ''}`.trimEnd();
}

/** Where a key-file slot's file was made. Its header has the path as a URI has it (`src/secrets/slots/key-file`). */
function keyFileOf(slot: SlotRecord): string | undefined {
  const [, encoded] = / path=(\S+)$/.exec(slot.header) ?? [];
  try {
    return encoded === undefined ? undefined : decodeURI(encoded);
  } catch {
    return undefined; // an edited row: unlocking refuses it
  }
}
