import type { Secret } from '../domain/secret.ts';
import { visible } from '../domain/visible.ts';

/** A system that runs jobs and takes commands from what they print. */
export type Workflow = 'github' | 'azure';

/**
 * The system whose job this is, if any: it says so by `GITHUB_ACTIONS=true` or `TF_BUILD=True`
 * (docs.github.com "Variables", learn.microsoft.com "Predefined variables").
 */
export function workflowOf(env: (name: string) => string | undefined): Workflow | undefined {
  if (env('GITHUB_ACTIONS') === 'true') return 'github';
  return env('TF_BUILD')?.toLowerCase() === 'true' ? 'azure' : undefined;
}

/**
 * The lines that make the system hide the secret in its logs from there on; one for each of its lines, as logs are
 * read by lines.
 */
export function maskLines(workflow: Workflow, secret: Secret): string {
  const command = { github: '::add-mask::', azure: '##vso[task.setsecret]' }[workflow];
  const lines = secret.reveal().split(/\r\n|[\r\n]/);
  return lines.map((line) => (line === '' ? '' : `${command}${escaped(workflow, line)}\n`)).join('');
}

/**
 * The text without commands to such a system. GitHub's runner takes `::` at the start of a line, spaces
 * before it or not, and `##[` anywhere in it; Azure's agent takes `##vso[` anywhere.
 */
export function withoutCommands(text: string): string {
  return text.replace(/^(\s*):(?=:)/gm, '$1\\u{3a}').replace(/#(?=#(?:vso)?\[)/gi, '\\u{23}');
}

/** The same for JSON, which stays exact: a number sign is only ever inside a string there. */
export function withoutCommandsInJson(json: string): string {
  return json.replace(/#(?=#(?:vso)?\[)/gi, '\\u0023');
}

/**
 * A line that such a system shows beside the job (docs.github.com "Workflow commands", learn.microsoft.com
 * "Logging commands"), with what would end its parts early escaped. The text is made harmless as all output is.
 */
export function annotationLine(workflow: Workflow, level: 'warning' | 'error', text: string): string {
  const safe = escaped(workflow, withoutCommands(visible(text)));
  if (workflow === 'github') return `::${level} title=keywright::${safe}\n`;
  return `##vso[task.logissue type=${level}]${safe}\n`;
}

/** One line as the data of a command: both take `%` for the start of a character's code. */
function escaped(workflow: Workflow, line: string): string {
  return line.replaceAll('%', workflow === 'github' ? '%25' : '%AZP25');
}
