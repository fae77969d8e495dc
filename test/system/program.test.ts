import { expect, test } from 'vitest';
import { programName } from '../../src/system/program.ts';

test.each([
  ['installed', {}, '/usr/local/bin/keywright', 'keywright'],
  ['npx', { npm_command: 'exec' }, '/home/a/.npm/_npx/1/node_modules/.bin/keywright', 'npx keywright'],
  ['npx in a clone', { npm_command: 'exec' }, '/home/ana/keywright/bin/keywright.js', 'npx keywright'],
  ['in a project', {}, '/home/a/project/node_modules/.bin/keywright', 'npx keywright'],
  ['in a project on Windows', {}, 'C:\\p\\node_modules\\.bin\\keywright', 'npx keywright'],
  ['an npm script', { npm_command: 'run-script' }, '/usr/local/bin/keywright', 'keywright'],
  ['a folder that only looks so', {}, '/srv/node_modules/.bin/other/keywright', 'keywright'],
  ['unknown', {}, undefined, 'keywright'],
])('%s', (_, env: { [name: string]: string }, script, name) => {
  expect(programName((variable) => env[variable], script)).toBe(name);
});
