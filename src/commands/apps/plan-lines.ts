import type { Context } from '../../context.ts';
import type { ConsentPlan } from '../../domain/apps/consent.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import { Failure } from '../../errors.ts';
import { pad, widthOf } from '../../terminal/width.ts';
import type { Input } from '../input.ts';
import { hostOf } from './describe.ts';
import type { Target } from './target.ts';

/** What is asked of whom, and what is left out and why; each a line. */
export function planLines(
  target: Target,
  { slug }: Workspace,
  { ask, leftOut }: ConsentPlan,
): readonly string[] {
  const about = target.app ?? target.peer.source;
  const name = target.app?.name ?? (target.app === undefined ? target.name : '');
  const scopes = [...ask.map((scope) => ({ scope, why: '' })), ...leftOut];
  const width = Math.max(0, ...scopes.map(({ scope }) => widthOf(scope)));
  const lines = scopes.map(({ scope, why }) =>
    why === '' ? `  ${scope}` : `  ${pad(scope, width)}  left out: ${why}`,
  );
  const resource = about.resource === null ? [] : [`  (the resource ${about.resource})`];
  return [
    `${hostOf(about)} (${name}) asks ${slug} for`,
    ...resource,
    ...(scopes.length === 0 ? [unnamed(target)] : lines),
  ];
}

function unnamed({ provider }: Target): string {
  return provider?.scopes.parameter === null
    ? "  what is chosen in the app's settings there"
    : '  no scope by name: the provider decides';
}

/**
 * Shows what is asked, and goes on only when somebody agrees. Where there is nobody to ask that takes `--yes`; a
 * client's own credentials need nobody's consent.
 */
export async function agree(
  context: Context,
  input: Input,
  lines: readonly string[],
  alone: boolean,
): Promise<void> {
  const { ask, out } = context;
  const asking = !alone && !input.flag('yes');
  if (asking && ask.interactive) await out.demand(lines, { asks: lines });
  else for (const line of lines) await (asking ? out.warn(line) : out.say(line));
  if (!asking) return;
  if (!ask.interactive)
    throw new Failure(
      'needs_yes',
      'this waits for somebody to consent in a browser, and there is nobody to ask here',
      {
        hint: 'if somebody will:',
        retry: { append: '--yes' },
      },
    );
  if (!(await ask.confirm('continue?', { default: true })))
    throw new Failure('cancelled', 'nothing was done');
}
