import { spawnSync } from 'node:child_process';
import { delimiter, join, sep } from 'node:path';

/** The machine's own Node, when it is one that this program refuses; `npm test` puts the pinned one first. */
export function findOldNode(path = process.env.PATH ?? ''): string | undefined {
  const folders = [...path.split(delimiter), '/usr/local/bin', '/usr/bin'];
  return folders
    .filter((folder) => folder !== '' && !folder.split(sep).includes('node_modules'))
    .map((folder) => join(folder, 'node'))
    .find(isOld);
}

function isOld(node: string): boolean {
  const { stdout } = spawnSync(node, ['-p', 'process.versions.napi'], { encoding: 'utf8' });
  return stdout !== null && stdout !== '' && Number(stdout) < 10;
}
