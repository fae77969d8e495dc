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

/** The line that makes the system hide the secret in its logs from there on. A secret key is one line without `%`. */
export function maskLine(workflow: Workflow, secret: Secret): string {
  const command = { github: '::add-mask::', azure: '##vso[task.setsecret]' }[workflow];
  return `${command}${secret.reveal()}\n`;
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
  const safe = withoutCommands(visible(text));
  if (workflow === 'github') return `::${level} title=keywright::${safe.replaceAll('%', '%25')}\n`;
  return `##vso[task.logissue type=${level}]${safe.replaceAll('%', '%AZP25')}\n`;
}
