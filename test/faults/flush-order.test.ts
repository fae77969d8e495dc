import { describe, expect, test } from 'vitest';
import { Shell } from '../support/run-program.ts';
import { type Call, callsOf, straceMissing } from './strace.ts';

const why = straceMissing(process.env);

/** Commands and what they say once they claim to be done. */
const REPORTING: readonly (readonly [argv: readonly string[], says: RegExp])[] = [
  [['keys', 'create', '--scope', 'orders:read', '--name', 'fresh'], /kw_sk_live_/],
  [['keys', 'disable', 'billing', '--yes'], /disabled billing/],
  [['keys', 'revoke', 'billing', '--yes'], /revoked billing/],
  [['slots', 'rekey', '--yes'], /kept/],
  [['workspaces', 'archive', 'acme', '--yes'], /archived acme/],
];

describe.skipIf(why !== undefined)(
  `what is reported has been flushed to the disk before${why ? ` (skipped: ${why})` : ''}`,
  () => {
    test('by every command that changes something, and by init', async () => {
      const shell = new Shell();
      const init = ['init', '--workspace', 'acme', '--unlock', 'key-file'];
      for (const [argv, says] of [[init, /next:/] as const, ...REPORTING]) {
        const { code, calls, stderr } = await callsOf(shell, argv);
        expect([argv, code], stderr).toEqual([argv, 0]);
        expect([argv, unflushedAt(calls, says)]).toEqual([argv, []]);
        if (argv === init) await shell.createKey('billing');
      }
    });

    test('and a command that does not flush would be found', async () => {
      const shell = await new Shell().init();
      const { calls } = await callsOf(shell, REPORTING[0]?.[0] ?? []);
      const hasty = calls.filter(({ name }) => name !== 'fsync');
      expect(unflushedAt(hasty, /kw_sk_live_/)).toEqual([expect.stringMatching(/keywright\.db-wal$/)]);
    });
  },
);

/**
 * Files that were written and not flushed when the program said that. The anchor is this machine's memory, which
 * may fall behind the store; shared memory is rebuilt; what is unlinked later needs no flush.
 */
function unflushedAt(calls: readonly Call[], says: RegExp): string[] {
  const said = calls.findIndex(
    ({ name, rest }) => name === 'write' && /^\([12]</.test(rest) && says.test(rest),
  );
  expect(said, 'the moment of the report').toBeGreaterThan(-1);
  const dirty = new Set<string>();
  for (const { name, rest } of calls.slice(0, said)) {
    const file = /^\(\d+<([^>]*)>/.exec(rest)?.[1];
    if (file !== undefined && (name === 'pwrite64' || name === 'write')) dirty.add(file);
    if (file !== undefined && (name === 'fsync' || name === 'fdatasync')) dirty.delete(file);
    const [from, to] = [...rest.matchAll(/"([^"]*)"/g)].map(([, path = '']) => path);
    if (name === 'unlink' && from !== undefined) dirty.delete(from);
    // A new name counts when its folder is flushed.
    if ((name === 'rename' || name === 'link') && to !== undefined) dirty.add(to.replace(/\/[^/]*$/, ''));
  }
  return [...dirty].filter(
    (path) => path.includes('/keywright') && !/\.anchor$|-shm$|\.reserve$|\.creating$|\.locks$/.test(path),
  );
}
