// Puts back into package-lock.json what npm leaves out of a lock that it makes anew.
//
// better-sqlite3 ships its binaries and says `"gypfile": false` in its package.json. The registry's
// abbreviated metadata drops that field, so the lock lacks it and `npm ci` runs `node-gyp rebuild`,
// which needs Python and a compiler. `allowScripts` stops that on npm 11, this also on npm 10.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const text = readFileSync(path, 'utf8');
const lock = JSON.parse(text);
lock.packages['node_modules/better-sqlite3'].gypfile = false;
const wanted = `${JSON.stringify(lock, null, 2)}\n`;
if (wanted !== text) writeFileSync(path, wanted);
