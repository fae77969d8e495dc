import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/**
 * Names and licence texts of the packages that a bundle is made of, for `dist/THIRD-PARTY-LICENSES`.
 * `inputs` are esbuild's, relative to `root`. Throws when a package comes without a licence text.
 */
export function licences(root, inputs) {
  const folders = new Set(
    inputs.map((input) => PACKAGE.exec(input)?.[1]).filter((folder) => folder !== undefined),
  );
  const parts = [...folders].map((folder) => licence(join(root, folder))).sort();
  return `keywright contains code of these packages.\n\n${parts.join('\n')}`;
}

function licence(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  if (file === undefined) throw new Error(`${name} ${version} (${license}) comes without a licence text`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}
