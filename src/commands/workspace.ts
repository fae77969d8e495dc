import type { Context } from '../context.ts';
import type { Readers } from '../domain/ports/store.ts';
import { archived, findWorkspace } from '../domain/workspaces/find.ts';
import type { Workspace } from '../domain/workspaces/workspace.ts';
import { Failure, PROGRAM } from '../errors.ts';
import type { Input } from './input.ts';

/** The workspace that the user chose without naming it here, and where that was said. */
function defaultWorkspace(context: Context): { slug: string; from: string } | undefined {
  const fromEnv = context.env('KEYWRIGHT_WORKSPACE');
  if (fromEnv !== undefined) return { slug: fromEnv, from: 'KEYWRIGHT_WORKSPACE' };
  const slug = context.config.workspace();
  return slug === undefined ? undefined : { slug, from: 'workspaces use' };
}

/**
 * The one workspace a command is about: `-w`, the default, the only one there is, or on a terminal a
 * choice. Throws `usage` when it can't be told, `not_found` for one that isn't there, `wrong_state`
 * when all are archived.
 */
export async function oneWorkspace(context: Context, store: Readers, input: Input): Promise<Workspace> {
  const known = await workspaceIfClear(context, store, input);
  if (known !== undefined) return known;
  const all = await store.workspaces.all();
  const open = all.filter((workspace) => workspace.archivedAt === null);
  // Without any, one that was archived is all there is to go on with.
  if (open.length === 0 && all[0] !== undefined) throw archived(all[0].slug);
  if (context.ask.interactive && open.length > 0) {
    return context.ask.select(
      'workspace',
      open.map((workspace) => ({ name: workspace.slug, value: workspace, description: workspace.name })),
    );
  }
  throw new Failure('usage', 'which workspace? --workspace is missing', {
    hint: `one of ${open.map((workspace) => workspace.slug).join(', ')}; ${PROGRAM} workspaces use sets a default`,
  });
}

/** As `oneWorkspace`, but undefined (all of them) when nothing says which. */
export async function workspaceIfClear(
  context: Context,
  store: Readers,
  input: Input,
): Promise<Workspace | undefined> {
  const said = input.text('workspace');
  if (said !== undefined) return findWorkspace(store, said);
  const open = (await store.workspaces.all()).filter((workspace) => workspace.archivedAt === null);
  const only = open.length === 1 ? open[0] : undefined;
  const preset = presetOf(context, only);
  if (preset !== undefined)
    return findWorkspace(store, preset.slug).catch((error: unknown) => {
      throw aboutDefault(error, preset.from);
    });
  return only;
}

/** Where there is one workspace nobody needs a default, so that settings which can't be read stop nothing; `doctor` names them. */
export function presetOf(
  context: Context,
  only: Workspace | undefined,
): { slug: string; from: string } | undefined {
  try {
    return defaultWorkspace(context);
  } catch (error) {
    if (only !== undefined && error instanceof Failure && error.code === 'store_unreadable') return undefined;
    throw error;
  }
}

/** Nobody named this workspace on the command line: the failure says where it came from, and what to mend. */
function aboutDefault(error: unknown, from: string): unknown {
  if (!(error instanceof Failure) || error.code !== 'not_found') return error;
  const near = error.retry !== undefined && 'by' in error.retry ? error.retry.by : undefined;
  const other = from === 'KEYWRIGHT_WORKSPACE' ? '' : ` ${PROGRAM} workspaces use ${near}`;
  return new Failure(error.code, `${error.message} (${from})`, {
    hint: near === undefined ? error.hint : `did you mean ${near}?${other}`,
    cause: error,
  });
}

/** Only what `-w` says outright: it narrows what ids and filters find. */
export async function narrowing(store: Readers, input: Input): Promise<Workspace | undefined> {
  const said = input.text('workspace');
  return said === undefined ? undefined : findWorkspace(store, said);
}
