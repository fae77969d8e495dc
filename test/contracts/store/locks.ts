import { describe, expect, test } from 'vitest';
import type { Fixture } from './fixture.ts';

/** Work that is done alone, by name. */
export function locksContract(at: Fixture): void {
  describe('work that is done alone', () => {
    /** Work that goes on until `end` is called. */
    const held = async (name: string) => {
      const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const work = at.store.exclusively(name, async () => {
        begun.resolve();
        await over.promise;
      });
      await begun.promise;
      return {
        end: () => {
          over.resolve();
          return work;
        },
      };
    };

    test('runs one after the other, writes meanwhile, and makes room when it fails', async () => {
      const steps: string[] = [];
      const step = (name: string) =>
        at.store.exclusively('rename', async () => {
          steps.push(`${name} begins`);
          await at.store.write((tx) => tx.write.workspaces.rename(at.ws, name));
          await new Promise((resolve) => setImmediate(resolve));
          steps.push(`${name} ends`);
          if (name === 'a') throw new Error('on purpose');
          return name;
        });
      const [a, b] = await Promise.allSettled([step('a'), step('b')]);
      expect(a).toMatchObject({ status: 'rejected', reason: { message: 'on purpose' } });
      expect(b).toEqual({ status: 'fulfilled', value: 'b' });
      expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
      expect((await at.store.workspaces.byId(at.ws))?.name).toBe('b');
    });

    test('waits for its own name only', async () => {
      const one = await held('one');
      expect(await at.store.exclusively('other', async () => 'done', { waitMs: 0 })).toBe('done');
      expect(await at.store.exclusively('One-', async () => 'done', { waitMs: 0 })).toBe('done');
      await one.end();
    });

    test('that is not to wait, or waited long enough, is refused, and not done later', async () => {
      const one = await held('one');
      let done = 0;
      for (const waitMs of [0, 20]) {
        const other = at.store.exclusively('one', async () => (done += 1), { waitMs });
        await expect(other).rejects.toMatchObject({
          code: 'busy',
          message: expect.stringMatching(new RegExp(`process ${process.pid} holds .*"one"`)),
        });
      }
      await one.end();
      expect(done).toBe(0);
      await at.store.exclusively('one', async () => (done += 1), { waitMs: 0 });
      expect(done).toBe(1);
    });

    test('of fifty at once never runs twice at a time', async () => {
      let running = 0;
      let most = 0;
      const works = Array.from({ length: 50 }, () =>
        at.store.exclusively('crowd', async () => {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
        }),
      );
      await Promise.all(works);
      expect(most).toBe(1);
    });

    test.each(['', 'a b', '../up', 'a.b', 'x'.repeat(65)])('has no name %j', async (name) => {
      await expect(at.store.exclusively(name, async () => 1)).rejects.toThrow('no name of a lock');
    });
  });
}
