import { afterEach, beforeEach, describe } from 'vitest';
import type { Store } from '../../src/domain/ports/store.ts';
import { someSeed } from './samples.ts';
import { appsContract } from './store/apps.ts';
import type { Fixture, MakeStore } from './store/fixture.ts';
import { grantsContract } from './store/grants.ts';
import { keysContract } from './store/keys.ts';
import { listsContract } from './store/lists.ts';
import { locksContract } from './store/locks.ts';
import { recordsContract } from './store/records.ts';
import { rotationsContract } from './store/rotations.ts';
import { teamsContract } from './store/teams.ts';
import { transactionsContract } from './store/transactions.ts';
import { usageContract } from './store/usage.ts';
import { versionsContract } from './store/versions.ts';

/** What every store promises, whatever it keeps its records in. */
export function storeContract(name: string, make: MakeStore): void {
  describe(`store contract: ${name}`, () => {
    const seed = someSeed({
      sealed: [{ record: 'audit', field: 'key', version: 1, sealed: new Uint8Array([1, 2]) }],
    });
    // The store is there from the first beforeEach on.
    const at: Fixture = { store: undefined as unknown as Store, seed, ws: seed.workspace.id, make };
    let end: () => Promise<void>;
    beforeEach(async () => {
      ({ store: at.store, end } = await make(seed));
    });
    afterEach(() => end());
    recordsContract(at);
    keysContract(at);
    versionsContract(at);
    rotationsContract(at);
    teamsContract(at);
    appsContract(at);
    grantsContract(at);
    listsContract(at);
    transactionsContract(at);
    usageContract(at);
    locksContract(at);
  });
}
