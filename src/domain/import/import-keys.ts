import { Failure } from '../../errors.ts';
import { change, type Ledger } from '../audit/change.ts';
import { bindableIntegration } from '../keys/bound.ts';
import { keyEntry } from '../keys/facts.ts';
import type { ApiKey } from '../keys/key.ts';
import type { SealedPepper } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import type { Actor, Random } from '../ports/system.ts';
import { archived } from '../workspaces/find.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import { admit } from './admit.ts';
import type { Candidate } from './candidate.ts';
import { keysOf } from './imported-key.ts';
import type { ForeignKinds } from './proof.ts';
import { refuseAliases, refuseTaken } from './taken.ts';

/** Keys written at once: enough to be quick, few enough for a progress bar. */
const BATCH = 500;

/** Keys to import, each checked by itself. */
export interface Import {
  readonly workspace: Workspace;
  /** Name or id of the integration that all of them are bound to. */
  readonly integration: string | undefined;
  readonly candidates: readonly Candidate[];
  /** The HMAC key of the digests among them, when the store doesn't have it yet. */
  readonly hmacKey: SealedPepper | undefined;
  /** The kinds under which their tokens were looked at. */
  readonly kinds: ForeignKinds;
}

/**
 * Imports all of them in one transaction, or none. Their tokens stay as they are; nothing of them is stored but
 * digests. `onImported` hears how many are done. Throws, naming the first ten rows, `usage` for rows with an owner or
 * scope that there isn't, `forbidden` for what the actor may not grant, `exists` for tokens that a key has already and
 * names that are taken; and `wrong_state` for an archived workspace, `changed` when another import came between.
 */
export async function importKeys(
  ledger: Ledger,
  random: Random,
  wish: Import,
  onImported: (count: number) => void,
): Promise<readonly ApiKey[]> {
  try {
    return await insertAll(ledger, random, wish, onImported);
  } catch (error) {
    // Which rows those are is looked up only now: it takes as long as the rest of the import.
    if (error instanceof Failure && error.code === 'exists')
      await refuseTaken(ledger.store, wish.workspace, wish.candidates);
    throw error;
  }
}

/** Checks what the import would, changing nothing. Throws as it does. */
export async function tryImport(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  wish: Import,
  now: number,
): Promise<void> {
  await check(readers, actor, wish, now);
  await refuseTaken(readers, wish.workspace, wish.candidates);
}

function insertAll(
  ledger: Ledger,
  random: Random,
  wish: Import,
  onImported: (count: number) => void,
): Promise<readonly ApiKey[]> {
  const now = ledger.now();
  const { workspace, candidates, hmacKey } = wish;
  return change(
    ledger,
    async (tx, record) => {
      const decided = await check(tx, ledger.actor, wish, now);
      if (hmacKey !== undefined) await tx.write.slots.putPepper(hmacKey);
      const keys = keysOf(random, candidates, { ...decided, workspace, now, by: ledger.actor.name });
      for (let start = 0; start < keys.length; start += BATCH) {
        const imported = candidates.slice(start, start + BATCH).map(({ verifier, found }, i) => ({
          key: keys[start + i] as ApiKey,
          verifier,
          found,
        }));
        await tx.write.keys.insertImported(imported);
        for (const { key, found } of imported)
          record(keyEntry('key.import', key, { owner: key.owner, found_by: found.kind }));
        onImported(start + imported.length);
      }
      return keys;
    },
    { bulk: true },
  );
}

/** All but whether names and tokens are free, which inserting them tells. */
async function check(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  wish: Import,
  now: number,
): Promise<{ readonly usualExpiry: number | null; readonly integrationId: string | null }> {
  const { workspace, candidates, integration } = wish;
  await refuseArchived(readers, workspace);
  await refuseOtherImport(readers, wish);
  const { usualExpiry } = await admit(readers, actor, workspace.id, candidates, now);
  const bound =
    integration === undefined ? null : await bindableIntegration(readers, workspace.id, integration);
  await refuseAliases(readers, workspace, candidates);
  return { usualExpiry, integrationId: bound?.id ?? null };
}

async function refuseArchived(readers: Readers, { id, slug }: Workspace): Promise<void> {
  if ((await readers.workspaces.byId(id))?.archivedAt === null) return;
  throw archived(slug);
}

/** The tokens were not looked at under kinds that came meanwhile, and a number is given once. */
async function refuseOtherImport(readers: Readers, { kinds, hmacKey }: Import): Promise<void> {
  const isSeen = ({ kind, key }: ForeignKinds[number]) =>
    kinds.some((one) => one.kind === kind && one.key === key);
  const numbers = (await readers.slots.peppers()).map(({ number }) => number);
  const isTaken = hmacKey !== undefined && numbers.includes(hmacKey.number);
  if (!isTaken && (await readers.keys.foreignKinds()).every(isSeen)) return;
  throw new Failure('changed', 'other keys were imported meanwhile; nothing was done', {
    hint: 'run it again',
  });
}
