import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brokenProgram } from '../support/broken-program.ts';
import { Shell } from '../support/run-program.ts';
import { attempt } from './soundness.ts';
import { straceMissing, underStrace } from './strace.ts';

const why = straceMissing(process.env);
const OPENING = 'open,openat,openat2,creat,mkdir,mkdirat,chmod,fchmod,fchmodat,umask,mknod,mknodat';
/** What strace runs: under a umask that takes nothing away. */
const WIDE_OPEN = ['sh', '-c', 'umask 000; exec "$@"', 'sh'];

describe.skipIf(why !== undefined)(
  `under umask 000 nothing is open to others even for a moment (case 14)${why ? ` (skipped: ${why})` : ''}`,
  () => {
    test('whatever command runs', async () => {
      const shell = new Shell();
      const exported = join(shell.path, 'log.jsonl');
      const lines: readonly (readonly string[])[] = [
        ['init', '--workspace', 'acme', '--unlock', 'key-file'],
        ['keys', 'create', '--scope', 'orders:read', '--name', 'billing'],
        ['keys', 'list'],
        [
          'slots',
          'add',
          '--kind',
          'key-file',
          '--name',
          'spare',
          '--path',
          join(shell.home, 'deep', 'spare.key'),
        ],
        ['slots', 'rekey', '--yes'],
        ['keys', 'disable', 'billing', '--yes'],
        ['keys', 'revoke', 'billing', '--yes'],
        ['workspaces', 'use', 'acme'],
        ['audit', 'export', '--output', exported],
        ['doctor', '--fix'],
        ['workspaces', 'archive', 'acme', '--yes'],
      ];
      let made = 0;
      for (const argv of lines) {
        const ran = await underStrace(shell, argv, ['--seccomp-bpf', `-etrace=${OPENING}`, ...WIDE_OPEN]);
        expect([argv, ran.code], ran.stderr).toEqual([argv, 0]);
        expect([argv, openToOthers(ran.trace, shell.path)]).toEqual([argv, []]);
        made += makings(ran.trace, shell.path).length;
      }
      expect(made).toBeGreaterThan(12);
      const modes = readdirSync(shell.home, { recursive: true, withFileTypes: true }).map((entry) => {
        const mode = lstatSync(join(entry.parentPath, entry.name)).mode & 0o777;
        return `${entry.isDirectory() ? 'folder' : 'file'} ${mode.toString(8)}`;
      });
      expect(new Set(modes)).toEqual(new Set(['file 600', 'folder 700']));
      expect(lstatSync(exported).mode & 0o777).toBe(0o600);
    });

    test('and what is not would be found', () => {
      const made = (call: string): string =>
        `123  openat(AT_FDCWD, "/home/x/f", O_RDWR|O_CREAT|O_EXCL, ${call}`;
      expect(openToOthers(made('0600) = 3'), '/home/x')).toEqual([]);
      expect(openToOthers(made('0644) = 3'), '/home/x')).toHaveLength(1);
      expect(openToOthers(made('0666) = -1 EEXIST (File exists)'), '/home/x')).toEqual([]);
      expect(openToOthers('123  mkdir("/home/x/d", 0777) = 0', '/home/x')).toHaveLength(1);
      expect(openToOthers('123  fchmod(3</home/x/f>, 0640) = 0', '/home/x')).toHaveLength(1);
    });

    test('broken variant: a file that is made for everybody', async () => {
      const shell = await new Shell().init();
      shell.program = await brokenProgram({
        file: 'src/system/export-file.ts',
        was: 'open(aside, EXCLUSIVE, 0o600)',
        becomes: 'open(aside, EXCLUSIVE, 0o666)',
      });
      const argv = ['audit', 'export', '--output', join(shell.path, 'log.jsonl')];
      const ran = await underStrace(shell, argv, ['--seccomp-bpf', `-etrace=${OPENING}`, ...WIDE_OPEN]);
      expect(ran.code, ran.stderr).toBe(0);
      expect(openToOthers(ran.trace, shell.path)).toHaveLength(1);
    });
  },
);

describe('nothing is written through a planted link (case 18)', () => {
  const PLACES = [
    'keywright.db',
    'keywright.db-wal',
    'keywright.db-shm',
    'keywright.db-journal',
    'keywright.db.reserve',
    'keywright.db.creating',
    'keywright.db.locks',
    'keywright.key',
    'config.json',
    'anchors/ANCHOR',
    'spare.key',
    'log.jsonl',
  ];

  test.each(PLACES)('%s', async (place) => {
    const refusals: string[] = [];
    for (const dangling of [false, true]) {
      const fresh = new Shell();
      const anchor = anchorNameFor(fresh);
      const shellPlace = place.replace('ANCHOR', anchor);
      const victim = plant(fresh, shellPlace, dangling);
      await everything(fresh, refusals);
      expectUntouched(victim, dangling);

      const made = await new Shell().init();
      await made.createKey('billing');
      const later = place.replace('ANCHOR', anchorNameFor(made));
      const second = plant(made, later, dangling);
      await everything(made, refusals);
      expectUntouched(second, dangling);
    }
    // The reserve is only put anew; a link at any other place is refused by what needs the file, or named by `doctor`.
    if (place !== 'keywright.db.reserve') expect(refusals).not.toEqual([]);
  });

  test.each([false, true])('broken variant: a key file that follows one (dangling: %s)', async (dangling) => {
    const shell = await new Shell().init();
    const place = join(shell.home, 'spare.key');
    const argv = ['slots', 'add', '--kind', 'key-file', '--name', 'spare', '--path', place];
    const victim = plant(shell, 'spare.key', dangling);
    await shell.run(argv);
    expectUntouched(victim, dangling);
    shell.program = await brokenProgram({
      file: 'src/secrets/slots/key-file/file.ts',
      was: 'constants.O_CREAT | constants.O_EXCL | NOFOLLOW',
      becomes: 'constants.O_CREAT',
    });
    const ran = await shell.run(argv);
    expect(ran.code, ran.stderr).toBe(0);
    expect(() => expectUntouched(victim, dangling)).toThrow();
  });

  test('and what would follow one is noticed', () => {
    const shell = new Shell();
    const [open, dangling] = [plant(shell, 'a', false), plant(shell, 'b', true)];
    writeFileSync(join(shell.home, 'a'), 'x');
    writeFileSync(join(shell.home, 'b'), 'x');
    expect(() => expectUntouched(open, false)).toThrow();
    expect(() => expectUntouched(dangling, true)).toThrow();
  });
});

/** Runs what writes to each of the places, and notes what was refused. */
async function everything(shell: Shell, refusals: string[]): Promise<void> {
  for (const argv of [
    ['init', '--workspace', 'acme', '--unlock', 'key-file'],
    ['keys', 'create', '--scope', 'orders:read', '--name', 'fresh'],
    ['keys', 'revoke', 'billing', '--yes'],
    ['workspaces', 'use', 'acme'],
    ['slots', 'add', '--kind', 'key-file', '--name', 'spare', '--path', join(shell.home, 'spare.key')],
    ['slots', 'rekey', '--yes'],
    ['audit', 'export', '--output', join(shell.home, 'log.jsonl')],
    ['doctor', '--fix'],
  ]) {
    const { code, stdout, stderr } = await attempt(shell, argv);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect([0, 3, 5, 6, 10, 11], `${argv.join(' ')}: ${stderr}`).toContain(code);
    if (/link|exists already|something at/.test(stdout + stderr)) refusals.push(argv.join(' '));
  }
}

/** Puts a link in place of what is there, to a file of somebody's or to nothing; gives back what it points to. */
function plant(shell: Shell, place: string, dangling: boolean): string {
  const victim = join(shell.path, `victim of ${place.replaceAll('/', ' ')}`);
  if (!dangling) writeFileSync(victim, 'precious', { mode: 0o600 });
  const link = join(shell.home, place);
  mkdirSync(dirname(link), { recursive: true, mode: 0o700 });
  rmSync(link, { force: true });
  symlinkSync(victim, link);
  return victim;
}

function expectUntouched(victim: string, dangling: boolean): void {
  expect(existsSync(victim)).toBe(!dangling);
  if (!dangling) expect(readFileSync(victim, 'utf8')).toBe('precious');
}

/** The name of the anchor of the shell's store (src/system/anchor.ts). */
function anchorNameFor(shell: Shell): string {
  return `${encodeURIComponent(shell.database)}.anchor`;
}

/** Calls that made something below the folder, or set a mode there. */
function makings(trace: string, folder: string): string[] {
  return trace
    .split('\n')
    .filter((line) => line.includes(folder) && !/ = -1 /.test(line))
    .filter((line) =>
      /O_CREAT|O_TMPFILE|\b(creat|mkdir|mkdirat|mknod|mknodat|chmod|fchmod|fchmodat)\(/.test(line),
    );
}

function openToOthers(trace: string, folder: string): string[] {
  return makings(trace, folder).filter((line) => !/, 0[67]00(\) += | <unfinished)/.test(line));
}
