// Writes the completion scripts into completions/, or with --check fails when they are stale.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Named as each shell looks for them. */
const FILES = {
  bash: 'keywright.bash',
  zsh: '_keywright',
  fish: 'keywright.fish',
  powershell: 'keywright.ps1',
};

const check = process.argv.includes('--check');
let stale = false;
mkdirSync(join(ROOT, 'completions'), { recursive: true });
for (const [shell, file] of Object.entries(FILES)) {
  const path = join(ROOT, 'completions', file);
  const text = execFileSync(process.execPath, [join(ROOT, 'bin/keywright.js'), 'completion', shell], {
    encoding: 'utf8',
  });
  const current = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (text === current) continue;
  stale = true;
  if (check) process.stderr.write(`completions/${file} is stale: node scripts/completions.js\n`);
  else writeFileSync(path, text);
}
if (check && stale) process.exitCode = 1;
