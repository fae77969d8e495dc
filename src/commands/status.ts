import type { Context } from '../context.ts';
import { connectionsOf } from '../domain/apps/status.ts';
import type { Store } from '../domain/ports/store.ts';
import { Failure } from '../errors.ts';
import { keyFileTrouble } from './key-file-trouble.ts';
import { presetOf } from './workspace.ts';

const SOON = 14 * 86_400_000;

/**
 * What bare `keywright` shows: the store, how it is unlocked, workspace and actor, each with where it
 * came from, and what needs attention. Asks nobody for what unlocks the store: only a key file is tried.
 */
export async function status(context: Context): Promise<undefined> {
  const places = context.places();
  const actor = context.actor();
  const store = await context.store();
  const slots = await store.slots.all();
  const primaryId = await store.slots.primary();
  const primary = slots.find((slot) => slot.id === primaryId);
  const workspace = await currentWorkspace(context, store);
  const role = workspace && (await roleIn(store, workspace.slug, actor.name));
  const trouble = await keyFileTrouble(context, store, primary);
  const operators = slots.filter((slot) => slot.role === 'operator').length;
  const attention = [
    ...(trouble === undefined ? [] : [[trouble.message, trouble.hint ?? '{keywright} slots list'] as const]),
    ...(await needsAttention(context, store, operators)),
  ];
  await context.out.show({
    fields: [
      ['store', `${places.store} (${places.from})`],
      ['unlock', primary === undefined ? 'none' : `${primary.kind} (slot ${primary.name})`],
      ['workspace', workspace === undefined ? 'none chosen' : `${workspace.slug} (${workspace.from})`],
      ['actor', `${actor.name} (${actor.from})${role === undefined ? '' : `, ${role}`}`],
    ],
    json: {
      store: places.store,
      store_from: places.from,
      store_id: store.identity.id,
      unlock: primary?.kind ?? null,
      workspace: workspace?.slug ?? null,
      workspace_from: workspace?.from ?? null,
      actor: actor.name,
      actor_from: actor.from,
      role: role === STRANGER ? null : (role ?? null),
      attention: attention.map(([message]) => message),
    },
    tsv: [places.store, primary?.kind ?? '', workspace?.slug ?? '', actor.name],
  });
  for (const [message, hint] of attention) {
    await context.out.say(message);
    await context.out.hint(hint);
  }
  return undefined;
}

const STRANGER = 'no member';

async function roleIn(store: Store, slug: string, name: string): Promise<string> {
  const workspace = await store.workspaces.bySlug(slug);
  const members = workspace === undefined ? [] : await store.workspaces.members(workspace.id);
  return members.find((member) => member.name === name)?.role ?? STRANGER;
}

async function currentWorkspace(
  context: Context,
  store: Store,
): Promise<{ slug: string; from: string } | undefined> {
  const open = (await store.workspaces.all()).filter((workspace) => workspace.archivedAt === null);
  const only = open.length === 1 ? open[0] : undefined;
  const chosen = presetOf(context, only);
  if (chosen !== undefined) {
    if ((await store.workspaces.bySlug(chosen.slug)) !== undefined) return chosen;
    throw new Failure('not_found', `no workspace "${chosen.slug}" (${chosen.from})`, {
      hint: '{keywright} workspaces list',
    });
  }
  return only === undefined ? undefined : { slug: only.slug, from: 'the only one' };
}

/** Message and next command of each thing. */
async function needsAttention(
  context: Context,
  store: Store,
  operatorSlots: number,
): Promise<readonly (readonly [string, string])[]> {
  const now = context.now();
  const expiring = (await store.keys.page({ expiringBefore: now + SOON }, { limit: 100 }, now)).items.length;
  const attention: (readonly [string, string])[] = [];
  if (expiring > 0) {
    const many =
      expiring === 100
        ? '100 or more keys expire'
        : expiring === 1
          ? 'one key expires'
          : `${expiring} keys expire`;
    attention.push([`${many} within 14 days`, '{keywright} keys list --expiring-within 14d']);
  }
  const open = (await store.rotations.page({ open: true }, { limit: 100 })).items.length;
  if (open > 0) {
    const many =
      open === 100 ? '100 or more deliveries are' : open === 1 ? 'one delivery is' : `${open} deliveries are`;
    attention.push([`${many} not finished`, '{keywright} rotations list --open']);
  }
  attention.push(...(await aboutApps(store, now)));
  if (operatorSlots < 2)
    attention.push([
      'there is one way to unlock this store, and no second',
      '{keywright} slots add --kind passphrase',
    ]);
  return attention;
}

/** Authorizations that give out no token any more, and revocations that providers were not told of. */
async function aboutApps(store: Store, now: number): Promise<readonly (readonly [string, string])[]> {
  const states = (await connectionsOf(store, undefined, now)).map(({ status }) => status);
  const again = states.filter((status) => status === 'needs-authorization' || status === 'expired').length;
  const pending = (await store.grants.revocationsPending()).length;
  const attention: (readonly [string, string])[] = [];
  if (again > 0) {
    const many = again === 1 ? 'one authorization gives' : `${again} authorizations give`;
    attention.push([`${many} out no token until somebody consents again`, '{keywright} apps list']);
  }
  if (pending > 0) {
    const many =
      pending === 1
        ? 'one provider was not told of a revocation'
        : `${pending} revocations were not told to their providers`;
    attention.push([`${many} yet`, '{keywright} doctor --fix']);
  }
  return attention;
}
