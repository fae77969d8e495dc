import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/domain/ports/store.ts';
import { Secret } from '../../src/domain/secret.ts';
import { changedStore } from '../support/changed-store.ts';
import { failureOf } from '../support/fake-ledger.ts';
import { storeFolder } from '../support/store-folder.ts';
import { openTokenDesk, type TokenDesk } from '../support/token-desk.ts';

/** Why the small file system of these tests can't be mounted here, else undefined. */
const unmountable = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'keywright-mount-'));
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { encoding: 'utf8' });
  if (mount.status === 0) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return mount.status === 0 ? undefined : `mounting a tmpfs failed: ${mount.stderr ?? mount.error}`;
})();

describe.skipIf(unmountable !== undefined)(
  `a disk that fills up while a refresh is on its way (case 132)${unmountable ? ` (skipped: ${unmountable})` : ''}`,
  () => {
    let at: ReturnType<typeof storeFolder>;
    let desk: TokenDesk;
    beforeEach(async () => {
      at = storeFolder();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', at.folder]);
      desk = await openTokenDesk('sqlite', { at: { ...at, remove: () => undefined } });
    });
    afterEach(async () => {
      await desk.close();
      execFileSync('umount', [at.folder]);
      at.remove();
    });
    /** Every byte of the disk, and of the journal beside the database. */
    const fill = async (): Promise<void> => {
      for (const size of [65_536, 4096]) {
        for (let n = 0; ; n++) {
          const file = join(at.folder, `filler-${size}-${n}`);
          try {
            writeFileSync(file, Buffer.alloc(size));
          } catch {
            rmSync(file, { force: true });
            break;
          }
        }
      }
      const write = (name: string) =>
        desk.store.write((tx) => tx.write.workspaces.rename(desk.workspace.id, name));
      for (let n = 0; n < 1000; n++) {
        const failure = await write('x'.repeat(3000 + n)).catch((error) => error);
        if (failure !== undefined) return;
      }
      throw new Error('the disk never got full');
    };
    const makeRoom = (): void => {
      for (const file of readdirSync(at.folder))
        if (file.startsWith('filler-')) rmSync(join(at.folder, file));
    };
    const answerOf = (size: number) => {
      const { refresh } = desk.server.authorization;
      Object.assign(desk.server.authorization, {
        refresh: async (...args: Parameters<typeof refresh>) => {
          const outcome = await refresh(...args);
          await fill();
          if (outcome.kind !== 'tokens') return outcome;
          const long = (secret: Secret | undefined) => new Secret((secret?.reveal() ?? '').padEnd(size, '.'));
          const { tokens } = outcome;
          return {
            kind: 'tokens',
            tokens: {
              ...tokens,
              accessToken: long(tokens.accessToken),
              refreshToken: long(tokens.refreshToken),
            },
          };
        },
      });
    };

    test.each([100, 4096, 12_000])(
      'tokens of %i bytes are stored in the room of the reserve',
      async (size) => {
        answerOf(size);
        expect((await desk.keeper.fresh(desk.grant.id)).accessToken.reveal()).toHaveLength(size);
        expect(await desk.grantNow()).toMatchObject({ tokenVersion: 2 });
        expect(await desk.store.grants.intents()).toEqual([]);
        expect(desk.server.sent).toHaveLength(1);
      },
    );

    test.each([
      [
        'without the reserve',
        100,
        (store: Store) => changedStore(store, { write: (work) => store.write(work) }),
      ],
      ['too large for the reserve', 150_000, (store: Store) => store],
    ])('%s they are lost: uncertain, and never the spent one again', async (_, size, as) => {
      answerOf(size);
      const { keeper } = await desk.another(as);
      expect(await failureOf(() => keeper.fresh(desk.grant.id))).toMatchObject({
        ...{ code: 'store_full', message: expect.stringContaining('uncertain') },
      });
      makeRoom();
      expect(await failureOf(() => desk.keeper.fresh(desk.grant.id))).toMatchObject({ exitCode: 8 });
      expect(desk.server.sent).toHaveLength(1);
    });
  },
);
