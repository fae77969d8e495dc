import type { Context } from '../../context.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { ListPage } from '../../terminal/output.ts';
import { annotationLine, type Workflow } from '../../terminal/workflow.ts';
import { shownStatus } from './describe.ts';
import { endingText, type Listed } from './ending.ts';

/** Writes a line for each key that the job's system shows beside the job: a warning, or an error for one that no longer verifies. */
export async function annotate(
  context: Context,
  workflow: Workflow,
  pages: AsyncIterable<ListPage<Listed>>,
): Promise<void> {
  const now = context.now();
  for await (const { items } of pages) {
    for (const shown of items) {
      const { key, workspace } = shown;
      const status = shownStatus(shown, now);
      const verifies = status === 'active' || status === 'rotating';
      const { expired, text: state } = verifies ? endingText(shown, now) : { expired: true, text: status };
      const level = expired ? 'error' : 'warning';
      const text = `key ${key.name} of ${workspace} (${publicKey(key)}): ${state}`;
      await context.out.raw(annotationLine(workflow, level, text));
    }
  }
}
