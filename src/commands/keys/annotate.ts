import type { Context } from '../../context.ts';
import { statusOf } from '../../domain/keys/status.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { ListPage } from '../../terminal/output.ts';
import { annotationLine, type Workflow } from '../../terminal/workflow.ts';
import { expiry, type Shown } from './describe.ts';

/** Writes a line for each key that the job's system shows beside the job: a warning, or an error for one that no longer verifies. */
export async function annotate(
  context: Context,
  workflow: Workflow,
  pages: AsyncIterable<ListPage<Shown>>,
): Promise<void> {
  const now = context.now();
  for await (const { items } of pages) {
    for (const { key, workspace } of items) {
      const status = statusOf(key, now);
      const level = status === 'active' || status === 'rotating' ? 'warning' : 'error';
      const state = level === 'error' ? status : expiry(key.expiresAt, now);
      const text = `key ${key.name} of ${workspace} (${publicKey(key)}): ${state}`;
      await context.out.raw(annotationLine(workflow, level, text));
    }
  }
}
