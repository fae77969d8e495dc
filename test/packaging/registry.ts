import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';

/**
 * What the public registry keeps in the abbreviated metadata that npm installs from. `gypfile` is not
 * among it, which is why npm wants to compile a package that says `"gypfile": false`; a mirror
 * that sends whole manifests hides that, so the test brings its own registry.
 */
const ABBREVIATED = [
  'name',
  'version',
  'dependencies',
  'optionalDependencies',
  'bin',
  'engines',
  'os',
  'cpu',
  'libc',
];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

export interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves on loopback the packages that `root` has installed for use outside development: as the
 * public registry would, but without a network. Platforms that aren't installed are not found.
 */
export async function serveInstalled(root: string): Promise<Registry> {
  const folders = installedFolders(root);
  const tarballs = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/').slice(1);
    const tarball = tarballs.get(path);
    if (tarball !== undefined) return void response.end(tarball);
    const own = folders.filter(({ manifest }) => manifest.name === path);
    if (own.length === 0) return void response.writeHead(404).end('{}');
    const versions = Object.fromEntries(
      own.map(({ folder, manifest }) => {
        const file = `${manifest.name}/-/${manifest.version}.tgz`;
        tarballs.set(file, tarballs.get(file) ?? pack(folder));
        return [manifest.version, abbreviate(manifest, `${url}${file}`, tarballs.get(file) as Buffer)];
      }),
    );
    const latest = own[0]?.manifest.version;
    response.setHeader('content-type', 'application/vnd.npm.install-v1+json');
    response.end(JSON.stringify({ name: path, 'dist-tags': { latest }, versions }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function installedFolders(root: string) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && !dev && existsSync(join(root, path)))
    .map(([path]) => {
      const folder = join(root, path);
      return { folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest };
    });
}

function pack(folder: string): Buffer {
  const args = ['-cz', '--exclude', 'node_modules', '-C', dirname(folder), basename(folder)];
  const { status, stdout, stderr } = spawnSync('tar', args, { maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`tar: ${stderr}`);
  return stdout;
}

function abbreviate(manifest: Manifest, tarball: string, bytes: Buffer) {
  const kept = Object.fromEntries(Object.entries(manifest).filter(([field]) => ABBREVIATED.includes(field)));
  const { preinstall, install, postinstall } = manifest.scripts ?? {};
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  return {
    ...kept,
    hasInstallScript: Boolean(preinstall || install || postinstall),
    dist: { tarball, integrity },
  };
}
