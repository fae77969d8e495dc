import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensurePrivateFolder, readPrivateFile } from '../../src/system/files.ts';
import { modeFindings, modeFindingsBelow, tighten } from '../../src/system/modes.ts';
import { replacePrivateFile } from '../../src/system/replace-file.ts';

const uid = process.geteuid?.();
const root = path.join(import.meta.dirname, '../..');
let folder: string;
beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'files-')));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const at = (...parts: string[]) => path.join(folder, ...parts);
const mode = (name: string) => fs.statSync(name).mode & 0o7777;
const refusal = (code: string) => expect.objectContaining({ code });

describe.skipIf(uid === undefined)('ensurePrivateFolder', () => {
  test('makes the folder and its parents 0700, and is content with what it made', () => {
    ensurePrivateFolder(at('a', 'b', 'c'), uid);
    ensurePrivateFolder(at('a', 'b', 'c'), uid);
    expect(['a', 'a/b', 'a/b/c'].map((name) => mode(at(name)))).toEqual([0o700, 0o700, 0o700]);
  });

  test.each([0o755, 0o750, 0o701, 0o770])('refuses one of mode %o (case 15)', (wide) => {
    fs.mkdirSync(at('wide'));
    fs.chmodSync(at('wide'), wide);
    expect(() => ensurePrivateFolder(at('wide'), uid)).toThrow(
      expect.objectContaining({ code: 'store_permissions', hint: expect.stringContaining('doctor --fix') }),
    );
    expect(mode(at('wide'))).toBe(wide);
  });

  test('refuses what belongs to someone else', () => {
    fs.mkdirSync(at('mine'), 0o700);
    expect(() => ensurePrivateFolder(at('mine'), (uid as number) + 1)).toThrow(refusal('store_permissions'));
  });

  test('follows a link of ours, refuses a dangling one, a file, and a folder in a file', () => {
    fs.mkdirSync(at('real'), 0o700);
    fs.symlinkSync(at('real'), at('link'));
    ensurePrivateFolder(at('link'), uid);
    fs.symlinkSync(at('nowhere'), at('dangling'));
    expect(() => ensurePrivateFolder(at('dangling'), uid)).toThrow(refusal('store_unreadable'));
    expect(fs.existsSync(at('nowhere'))).toBe(false);
    fs.writeFileSync(at('file'), '');
    expect(() => ensurePrivateFolder(at('file'), uid)).toThrow(refusal('store_unreadable'));
    expect(() => ensurePrivateFolder(at('file', 'sub'), uid)).toThrow(refusal('store_unreadable'));
  });

  test.skipIf(uid !== 0)('refuses a link of someone else (needs root)', () => {
    fs.mkdirSync(at('real'), 0o700);
    fs.symlinkSync(at('real'), at('link'));
    fs.lchownSync(at('link'), 12345, 12345);
    expect(() => ensurePrivateFolder(at('link'), uid)).toThrow(refusal('store_permissions'));
  });
});

describe.skipIf(uid === undefined)('private files', () => {
  test('are written whole with mode 0600 and leave nothing else behind', () => {
    replacePrivateFile(at('key'), Buffer.from('canary'));
    replacePrivateFile(at('config'), Buffer.from('1'));
    replacePrivateFile(at('config'), Buffer.from('2'));
    expect([mode(at('key')), mode(at('config'))]).toEqual([0o600, 0o600]);
    expect([fs.readFileSync(at('key'), 'utf8'), fs.readFileSync(at('config'), 'utf8')]).toEqual([
      'canary',
      '2',
    ]);
    expect(fs.readdirSync(folder).sort()).toEqual(['config', 'key']);
  });

  test('nothing is written through a planted link, dangling or not (case 18)', () => {
    fs.writeFileSync(at('victim'), 'old');
    fs.symlinkSync(at('victim'), at('link'));
    fs.symlinkSync(at('nowhere'), at('dangling'));
    for (const name of ['link', 'dangling']) {
      expect(() => replacePrivateFile(at(name), Buffer.from('new'))).toThrow(refusal('store_permissions'));
      expect(() => readPrivateFile(at(name), 100, uid)).toThrow(refusal('store_permissions'));
    }
    expect(fs.readFileSync(at('victim'), 'utf8')).toBe('old');
    expect(fs.readdirSync(folder).sort()).toEqual(['dangling', 'link', 'victim']);
  });

  test('a missing folder and a folder in the way are failures that name the file', () => {
    expect(() => replacePrivateFile(at('none', 'key'), Buffer.from('x'))).toThrow(
      expect.objectContaining({
        code: 'store_unreadable',
        message: expect.stringContaining(at('none', 'key')),
      }),
    );
    fs.mkdirSync(at('folder'));
    expect(() => replacePrivateFile(at('folder'), Buffer.from('x'))).toThrow(refusal('store_permissions'));
    expect(() => readPrivateFile(at('folder'), 10, uid)).toThrow(refusal('store_permissions'));
  });

  test('reading takes only a small file of ours that nobody else can open', () => {
    expect(readPrivateFile(at('none'), 10, uid)).toBeUndefined();
    replacePrivateFile(at('key'), Buffer.from('0123456789'));
    expect(readPrivateFile(at('key'), 10, uid)?.toString()).toBe('0123456789');
    expect(() => readPrivateFile(at('key'), 9, uid)).toThrow(refusal('store_unreadable'));
    expect(() => readPrivateFile(at('key'), 10, (uid as number) + 1)).toThrow(refusal('store_permissions'));
    fs.chmodSync(at('key'), 0o640);
    expect(() => readPrivateFile(at('key'), 10, uid)).toThrow(refusal('store_permissions'));
    execFileSync('mkfifo', ['-m', '600', at('fifo')]);
    expect(() => readPrivateFile(at('fifo'), 10, uid)).toThrow(refusal('store_permissions'));
  });

  /** What a process with this umask makes, run under strace where there is one. */
  function underUmask(umask: string): { modes: number[]; trace: string } {
    const script = `Promise.all(['files', 'replace-file', 'config', 'anchor'].map((name) => import('./src/system/' + name + '.ts'))).then(([files, replace, config, { anchorFor }]) => {
      const uid = process.geteuid(), at = (name) => process.argv[1] + '/' + name;
      files.ensurePrivateFolder(at('home/deep'), uid);
      replace.replacePrivateFile(at('home/other'), Buffer.from('x'));
      config.changeConfig(at('home/config.json'), { workspace: 'acme' }, uid);
      anchorFor({ folder: at('home/anchors'), storePath: at('home/db'), uid }).raise({ storeId: 's', seq: 1, head: new Uint8Array(32) });
    });`;
    const trace = at('trace');
    const stracing =
      spawnSync('strace', ['-V']).status === 0
        ? `strace -f -e trace=open,openat,creat,mkdir,mkdirat,chmod,fchmod,fchmodat -o '${trace}'`
        : '';
    const run = spawnSync(
      'bash',
      [
        '--norc',
        '-c',
        `umask ${umask}; exec ${stracing} "$0" -e "$1" "$2"`,
        process.execPath,
        script,
        folder,
      ],
      {
        cwd: root,
        encoding: 'utf8',
        env: { ...process.env, NODE_NO_WARNINGS: '1' },
      },
    );
    expect([run.stderr, run.status]).toEqual(['', 0]);
    const anchors = fs.readdirSync(at('home/anchors')).map((name) => `home/anchors/${name}`);
    const made = ['home', 'home/deep', 'home/anchors', 'home/other', 'home/config.json', ...anchors];
    return {
      modes: made.map((name) => mode(at(name))),
      trace: stracing ? fs.readFileSync(trace, 'utf8') : '',
    };
  }

  test.each(['000', '022', '077', '777'])('a umask of %s changes nothing (case 14)', (umask) => {
    const { modes, trace } = underUmask(umask);
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o600, 0o600, 0o600]);
    // Not even for a moment: every mode that a call named, for whatever it made.
    const named = trace
      .split('\n')
      .filter((line) => line.includes(folder) && /O_CREAT|mkdir|chmod/.test(line));
    for (const line of named) expect(line).toMatch(/, 0[67]00(\)| <unfinished)/);
    if (trace !== '') expect(named.length).toBeGreaterThan(5);
  });
});

describe.skipIf(uid === undefined)('modeFindings and tighten', () => {
  test('find what is open to others in a folder, and take that away', () => {
    ensurePrivateFolder(at('home', 'sub'), uid);
    replacePrivateFile(at('home', 'fine'), Buffer.from(''));
    fs.writeFileSync(at('home', 'wide'), '');
    fs.chmodSync(at('home', 'wide'), 0o644);
    fs.chmodSync(at('home', 'sub'), 0o755);
    fs.symlinkSync('/etc/passwd', at('home', 'link'));
    const found = modeFindingsBelow(at('home'), uid);
    expect(found).toEqual([
      { path: at('home', 'link'), problem: 'link', detail: 'symbolic link' },
      { path: at('home', 'sub'), problem: 'open', detail: 'mode 0755' },
      { path: at('home', 'wide'), problem: 'open', detail: 'mode 0644' },
    ]);
    expect(found.map((finding) => tighten(finding.path, uid))).toEqual([false, true, true]);
    expect([mode(at('home', 'sub')), mode(at('home', 'wide'))]).toEqual([0o700, 0o600]);
    expect(modeFindingsBelow(at('home'), uid).map((finding) => finding.problem)).toEqual(['link']);
    expect(tighten(at('home', 'wide'), uid)).toBe(false);
  });

  test('leave what is missing or someone else’s alone', () => {
    expect(modeFindings(at('none'), uid)).toEqual([]);
    expect(tighten(at('none'), uid)).toBe(false);
    fs.writeFileSync(at('theirs'), '');
    fs.chmodSync(at('theirs'), 0o666);
    const other = (uid as number) + 1;
    expect(modeFindings(at('theirs'), other).map((finding) => finding.problem)).toEqual(['owner', 'open']);
    expect(tighten(at('theirs'), other)).toBe(false);
    expect(mode(at('theirs'))).toBe(0o666);
  });
});
