import type { Context } from '../../context.ts';
import type { KeyFilter, KeyStatus } from '../../domain/keys/key.ts';
import type { Input } from '../input.ts';

/** The filter that the shared flags describe, in this workspace or in all. */
export function keyFilter(
  context: Context,
  input: Input,
  workspaceId: string | undefined,
  term: string | undefined,
): KeyFilter {
  const now = context.now();
  const within = input.duration('expiringWithin');
  const unused = input.duration('unusedFor');
  const owner = input.name('owner');
  const status = input.text('status') as KeyStatus | undefined;
  return {
    ...(workspaceId === undefined ? {} : { workspaceId }),
    ...(term === undefined ? {} : { term: term.normalize('NFC') }),
    ...(status === undefined ? {} : { status }),
    ...(owner === undefined ? {} : { owner }),
    ...(within === undefined ? {} : { expiringBefore: now + within }),
    ...(unused === undefined ? {} : { unusedSince: now - unused }),
  };
}
