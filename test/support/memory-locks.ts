import type { Store } from '../../src/domain/ports/store.ts';
import { Failure } from '../../src/errors.ts';

/** `Store.exclusively` within one process. */
export function locksByName(): Store['exclusively'] {
  const held = new Map<string, Promise<unknown>>();
  return async (name, work, { waitMs = 10_000 } = {}) => {
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) throw new Error(`${name} is no name of a lock`);
    const deadline = performance.now() + waitMs;
    for (let other = held.get(name); other !== undefined; other = held.get(name)) {
      const left = deadline - performance.now();
      if (waitMs === 0 || !(await endsWithin(other, left)))
        throw new Failure('busy', `process ${process.pid} holds the lock "${name}"; nothing was changed`);
    }
    const done = Promise.withResolvers<void>();
    held.set(name, done.promise);
    try {
      return await work();
    } finally {
      held.delete(name);
      done.resolve();
    }
  };
}

async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const ended = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return ended;
}
