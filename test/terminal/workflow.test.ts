import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import { createOutput } from '../../src/terminal/output.ts';
import {
  annotationLine,
  maskLines,
  type Workflow,
  withoutCommands,
  withoutCommandsInJson,
  workflowOf,
} from '../../src/terminal/workflow.ts';

const env = (variables: { [name: string]: string }) => (name: string) => variables[name];

test('each system says itself that it is there', () => {
  expect(workflowOf(env({ GITHUB_ACTIONS: 'true' }))).toBe('github');
  expect(workflowOf(env({ TF_BUILD: 'True' }))).toBe('azure');
  expect(workflowOf(env({ CI: 'true', GITHUB_ACTIONS: 'false' }))).toBeUndefined();
});

test('each has its own command to hide a secret', () => {
  const secret = new Secret('kw_sk_live_x');
  expect(maskLines('github', secret)).toBe('::add-mask::kw_sk_live_x\n');
  expect(maskLines('azure', secret)).toBe('##vso[task.setsecret]kw_sk_live_x\n');
  // What a runner decodes is what is hidden (case 183).
  const odd = new Secret('a%0Ab%25\r\nc\n');
  expect(maskLines('github', odd)).toBe('::add-mask::a%250Ab%2525\n::add-mask::c\n');
  expect(maskLines('azure', odd)).toBe('##vso[task.setsecret]a%AZP250Ab%AZP2525\n##vso[task.setsecret]c\n');
});

/** How the runners find commands: `ActionCommand.TryParseV2` and `TryParse`, and the agent's `Command.TryParse`. */
const isCommand = (line: string): boolean => line.trimStart().startsWith('::') || /##(vso)?\[/i.test(line);

const COMMANDS = [
  '::stop-commands::x',
  '  \t::add-path::/tmp',
  ':::error::x',
  'key ##[add-path]/tmp',
  '##vso[task.setvariable variable=PATH]x',
  'a ###VSO[task.complete]x',
];

describe.each(['github', 'azure'] as const)('what is said in a job of %s', (workflow: Workflow) => {
  test.each(COMMANDS)('%j is no command', async (text) => {
    expect(isCommand(text)).toBe(true);
    expect(isCommand(withoutCommands(text))).toBe(false);
    let written = '';
    const sink = {
      isTTY: false,
      isClosed: false,
      columns: 80,
      async write(chunk: string | Uint8Array) {
        written += String(chunk);
      },
    };
    for (const json of [false, true]) {
      const color = { stdout: false, stderr: false };
      const settings = { stdout: sink, stderr: sink, json, quiet: false, color, program: 'keywright' };
      const output = createOutput({ ...settings, workflow });
      await output.say(text);
      await output.warn(text);
      await output.value(text, { text });
      await output.failure(new Error(text), true);
    }
    expect(written).not.toBe('');
    expect(written.split('\n').filter(isCommand)).toEqual([]);
  });

  test.each(COMMANDS)('JSON stays exact with %j', (text) => {
    expect(JSON.parse(withoutCommandsInJson(JSON.stringify({ text })))).toEqual({ text });
  });
});

describe('an annotation', () => {
  test('is one line of the system, with the text escaped as it asks for', () => {
    expect(annotationLine('github', 'warning', 'key a: 100%')).toBe(
      '::warning title=keywright::key a: 100%25\n',
    );
    expect(annotationLine('azure', 'error', '100%')).toBe('##vso[task.logissue type=error]100%AZP25\n');
  });

  test.each(['github', 'azure'] as const)('holds no second command of %s, and no second line', (workflow) => {
    for (const text of [
      'a\n::error::b',
      'a\r::error::b',
      '##[error]a',
      'x ##vso[task.complete]',
      '\u2028::error::',
    ]) {
      const line = annotationLine(workflow, 'warning', text);
      expect(line.match(/[\n\r\u2028]/g)).toEqual(['\n']);
      expect(line.match(/##(vso)?\[/g) ?? []).toHaveLength(workflow === 'azure' ? 1 : 0);
    }
  });
});

test('ordinary text stays as it is', () => {
  for (const text of ['a::b', 'orders:read', '# [x]', 'a #[1]', 'a: :b'])
    expect(withoutCommands(text)).toBe(text);
});
