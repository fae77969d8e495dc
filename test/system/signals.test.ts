import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { interruptible, type Signalled } from '../../src/system/signals.ts';

function process(): { proc: Signalled; send(signal: string): void; listening(): number } {
  const emitter = new EventEmitter();
  return {
    proc: { on: (...args) => void emitter.on(...args), off: (...args) => void emitter.off(...args) },
    send: (signal) => void emitter.emit(signal),
    listening: () =>
      ['SIGINT', 'SIGTERM', 'SIGHUP'].reduce((sum, one) => sum + emitter.listenerCount(one), 0),
  };
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])(
  '%s raises the signal of the work with a failure',
  async (signal) => {
    const { proc, send, listening } = process();
    const work = interruptible(proc, async (raised) => {
      await pause(10_000, undefined, { signal: raised }).catch(() => {});
      raised.throwIfAborted();
    });
    send(signal);
    await expect(work).rejects.toMatchObject({ code: 'cancelled', exitCode: 130 });
    expect(listening()).toBe(0);
  },
);

test('work that ends by itself gives its result, and signals do again what they did before', async () => {
  const { proc, listening } = process();
  const seen: number[] = [];
  const result = await interruptible(proc, async ({ aborted }) => {
    seen.push(listening());
    return aborted;
  });
  expect([result, seen, listening()]).toEqual([false, [3], 0]);
  await expect(
    interruptible(proc, async () => {
      throw new Error('failed');
    }),
  ).rejects.toThrow('failed');
  expect(listening()).toBe(0);
});
