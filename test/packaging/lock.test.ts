import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

interface Manifest {
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bundleDependencies: readonly string[];
  readonly allowScripts: Readonly<Record<string, boolean>>;
}
interface Lock {
  readonly packages: Record<
    string,
    { gypfile?: boolean; resolved?: string; version: string; dev?: boolean; hasInstallScript?: boolean }
  >;
}
const read = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const manifest = read<Manifest>(join(ROOT, 'package.json'));
const lock = read<Lock>(join(ROOT, 'package-lock.json'));

describe('the lock file', () => {
  test('keeps npm from compiling better-sqlite3, which has its binaries in its package', () => {
    expect(lock.packages['node_modules/better-sqlite3']?.gypfile).toBe(false);
  });

  test('names no registry', () => {
    expect(Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  test.each(['@napi-rs/keyring', '@biomejs/biome', 'esbuild', 'oxc-parser', 'rolldown', 'lightningcss'])(
    'has every platform of %s',
    (name) => {
      const entry = lock.packages[`node_modules/${name}`] as {
        optionalDependencies?: Record<string, string>;
      };
      const platforms = Object.keys(entry.optionalDependencies ?? {});
      expect(platforms.length).toBeGreaterThan(5);
      expect(platforms.filter((platform) => lock.packages[`node_modules/${platform}`] === undefined)).toEqual(
        [],
      );
    },
  );
});

describe('package.json', () => {
  test('decides about every install script in the lock', () => {
    const scripted = Object.entries(lock.packages).flatMap(([path, { hasInstallScript }]) =>
      hasInstallScript ? [path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)] : [],
    );
    expect(
      scripted.filter((name) => name !== 'fsevents' && manifest.allowScripts[name] === undefined),
    ).toEqual([]);
    expect(manifest.allowScripts).toMatchObject({ 'better-sqlite3': false, argon2: false, node: true });
  });

  test('bundles better-sqlite3, since an installed tarball has neither our lock nor our allowScripts', () => {
    expect(manifest.bundleDependencies).toEqual(['better-sqlite3']);
  });

  test('asks for the Node that bin/keywright.js asks for', () => {
    const needed = /NEEDED = '([\d.]+)'/.exec(readFileSync(join(ROOT, 'bin/keywright.js'), 'utf8'));
    expect(manifest.engines.node).toBe(`>=${needed?.[1]}`);
  });
});

describe('scripts/lock.js', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keywright-lock-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('puts back what a new lock lacks, and leaves a good one as it is', () => {
    const bytes = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
    const path = join(folder, 'package-lock.json');
    const bare = structuredClone(lock);
    delete bare.packages['node_modules/better-sqlite3']?.gypfile;
    mkdirSync(join(folder, 'scripts'));
    cpSync(join(ROOT, 'scripts/lock.js'), join(folder, 'scripts/lock.mjs'));
    for (const before of [`${JSON.stringify(bare, null, 2)}\n`, bytes]) {
      writeFileSync(path, before);
      const { status, stderr } = spawnSync(process.execPath, [join(folder, 'scripts/lock.mjs')], {
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(read<Lock>(path).packages['node_modules/better-sqlite3']?.gypfile).toBe(false);
    }
    expect(readFileSync(path, 'utf8')).toBe(bytes);
  });
});
