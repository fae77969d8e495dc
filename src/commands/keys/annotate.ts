import type { Context } from '../../context.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { ListPage } from '../../terminal/output.ts';
import { annotationLine, type Workflow } from '../../terminal/workflow.ts';
import { shownStatus } from './describe.ts';
import { endingText, type Listed } from './ending.ts';

/**
 * Writes a line for each key that the job's system shows beside the job: a warning, or an error for one that no longer
 * verifies. That somebody disabled a key is no error, and when it expires is to be known before it is enabled.
 */
export async function annotate(
  context: Context,
  workflow: Workflow,
  pages: AsyncIterable<ListPage<Listed>>,
): Promise<void> {
  const now = context.now();
  for await (const { items } of pages) {
    for (const shown of items) {
      const { key, workspace } = shown;
      const { error, state } = stateOf(shown, now);
      const level = error ? 'error' : 'warning';
      const text = `key ${key.name} of ${workspace} (${publicKey(key)}): ${state}`;
      await context.out.raw(annotationLine(workflow, level, text));
    }
  }
}

function stateOf(shown: Listed, now: number): { readonly error: boolean; readonly state: string } {
  const status = shownStatus(shown, now);
  if (status === 'revoked' || status === 'expired') return { error: true, state: status };
  const { expired, text } = endingText(shown, now);
  return status === 'disabled'
    ? { error: false, state: `disabled; ${text}` }
    : { error: expired, state: text };
}
