import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Migration } from '../../../src/store/migrations/migration.ts';
import { createStore, openStore } from '../../../src/store/open.ts';
import { addKeys, someEntry, someKey, someSeed, someUsage, someUse } from '../../contracts/samples.ts';
import { storeDeps } from '../../support/store-folder.ts';

/**
 * What a second process does to a store in the tests of this folder:
 * `node child.ts <role> <path of the store> [argument]`, an answer on stdout.
 */
const [, , role = '', path = '', argument = ''] = process.argv;
const location = `sqlite:${path}`;
const deps = storeDeps({ busyTimeoutMs: 60_000 });
const say = (text: string) => process.stdout.write(`${text}\n`);
const forever = () => new Promise<never>(() => setInterval(() => undefined, 1000));

const ROLES: Record<string, () => Promise<void>> = {
  /**
   * Creates a store unless it is there; says whether its seed was asked for. The seed takes until
   * as many processes as `argument` says have begun, so that they all meet.
   */
  async create() {
    process.umask(0);
    let seeded = false;
    const folder = dirname(path);
    writeFileSync(`${folder}/begun-${process.pid}`, '');
    const begun = () => readdirSync(folder).filter((name) => name.startsWith('begun-')).length;
    const { created } = await createStore(location, deps, async () => {
      seeded = true;
      while (begun() < Number(argument)) await new Promise((resolve) => setTimeout(resolve, 5));
      return someSeed({ identity: { id: `store_${process.pid}`, createdAt: 1, primarySlot: 'slot_x' } });
    });
    const store = await openStore(location, deps);
    say(JSON.stringify({ created, seeded, id: store.identity.id }));
    await store.close();
  },
  /** Dies inside the making of a store. */
  async 'die creating'() {
    await createStore(location, deps, async () => {
      writeFileSync(`${path}.new-0123456789abcdef`, '');
      process.kill(process.pid, 'SIGKILL');
      return forever();
    });
  },
  /** One audit entry per transaction, as many as asked for. */
  async append() {
    const store = await openStore(location, deps);
    for (let done = 0; done < Number(argument); done += 1) {
      await store.write(async (tx) => {
        const head = await tx.audit.head();
        await tx.write.audit([someEntry((head?.seq ?? 0) + 1, { actor: `p${process.pid}` })]);
      });
    }
    await store.close();
    say('done');
  },
  /** Holds a transaction with a key in it open; commits when told by a file. */
  async hold() {
    const store = await openStore(location, deps);
    const [workspace] = await store.workspaces.all();
    await store.write(async (tx) => {
      const key = someKey(workspace?.id ?? '', { kid: 'heldheldheld' });
      await tx.write.keys.insert(key, { pepper: 1, hash: new Uint8Array(32) });
      say('holding');
      while (!existsSync(argument)) await new Promise((resolve) => setTimeout(resolve, 5));
    });
    await store.close();
    say('committed');
  },
  /** Does something alone until it is told by a file. */
  async alone() {
    const store = await openStore(location, deps);
    await store.exclusively('test', async () => {
      say('alone');
      while (!existsSync(argument)) await new Promise((resolve) => setTimeout(resolve, 5));
    });
    await store.close();
  },
  /**
   * Does something alone as often as asked for, and says how often it was not: a file that only one at a
   * time makes was there already.
   */
  async 'alone often'() {
    const store = await openStore(location, deps);
    let together = 0;
    for (let done = 0; done < Number(argument); done += 1) {
      await store.exclusively('test', async () => {
        const taken = `${dirname(path)}/taken`;
        try {
          writeFileSync(taken, '', { flag: 'wx' });
        } catch {
          together += 1;
        }
        if (done % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        rmSync(taken, { force: true });
      });
    }
    await store.close();
    say(`together ${together}`);
  },
  /** Reports as a verifier and stays until it is killed. */
  async verify() {
    const store = await openStore(location, deps);
    await store.recordUsage(someUsage({ reporter: { id: argument, at: 1, closing: false } }));
    say('reported');
    await forever();
  },
  /** Brings the store up to date and is killed in the middle of step `argument`. */
  async 'die migrating'() {
    const migrations: Migration[] = await syntheticMigrations(Number(argument));
    const store = await openStore(location, { ...deps, migrations });
    await store.close();
    say('migrated');
  },
  /** What `strace` watches: everything that makes a file. */
  async everything() {
    process.umask(0);
    await createStore(location, deps, async () => someSeed());
    const store = await openStore(location, deps);
    const [workspace] = await store.workspaces.all();
    await addKeys(store, [someKey(workspace?.id ?? '')]);
    await store.recordUsage(someUsage({ used: [someUse('000000000001', 5)] }));
    await store.close();
    say('done');
  },
};

async function syntheticMigrations(dieAt: number): Promise<Migration[]> {
  const { MIGRATIONS } = await import('../../../src/store/migrations/index.ts');
  const { added } = await import('./added-migrations.ts');
  return [...MIGRATIONS, ...added((step) => step === dieAt && process.kill(process.pid, 'SIGKILL'))];
}

await ROLES[role]?.();
