import type { Context } from '../../context.ts';
import { type App, safeUrl } from '../../domain/apps/app.ts';
import { findApp } from '../../domain/apps/find.ts';
import type { Provider } from '../../domain/apps/provider.ts';
import { typedApp } from '../../domain/apps/typed.ts';
import { parseName } from '../../domain/names.ts';
import type { Authorization } from '../../domain/ports/authorization.ts';
import type { Store } from '../../domain/ports/store.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import { Failure } from '../../errors.ts';
import type { Peer } from './client.ts';
import { ofProvider, ofResource } from './peer.ts';
import { requireRoom } from './register.ts';

/** What is to be authorized: an app that is registered, or one to be. */
export type Target = { readonly provider: Provider | undefined } & (
  | { readonly app: App }
  | { readonly app: undefined; readonly name: string; readonly peer: Peer }
);

/** What is to be registered, and what it may be called, the best first. */
type Unnamed = Omit<Extract<Target, { app: undefined }>, 'name'> & { readonly names: readonly string[] };

/**
 * What a name, a provider or the URL of a resource stands for: an app of the workspace, else what one can be made of.
 * A resource is asked for its server. Throws `not_found` listing the built-in providers, `ambiguous`.
 */
export async function targetOf(
  context: Context,
  store: Store,
  workspace: Workspace,
  text: string,
): Promise<Target> {
  const authorization = await context.authorization();
  const known = await appOf(store, workspace, text, authorization.findProvider(text));
  if (known !== undefined)
    return {
      app: known,
      provider: known.provider === null ? undefined : authorization.findProvider(known.provider),
    };
  const fresh = await freshOf(authorization, store, workspace, text);
  const name = await freeName(store, workspace, fresh.names);
  await requireRoom(context, workspace, name);
  return { ...fresh, name };
}

/** A name that no app of another source has: the first of these that is free, else the first with a number. */
async function freeName(store: Store, { id }: Workspace, names: readonly string[]): Promise<string> {
  const isFree = async (name: string): Promise<boolean> => (await store.apps.byName(id, name)) === undefined;
  for (const name of names) if ('name' in parseName(name) && (await isFree(name))) return name;
  for (let count = 2; ; count++) if (await isFree(`${names[0]}-${count}`)) return `${names[0]}-${count}`;
}

async function freshOf(
  authorization: Authorization,
  store: Store,
  workspace: Workspace,
  text: string,
): Promise<Unnamed> {
  const provider = authorization.findProvider(text);
  if (provider !== undefined)
    return { app: undefined, names: [provider.name], peer: ofProvider(provider), provider };
  if (!text.includes('://')) {
    await findApp(store, { workspaceId: workspace.id, text }).catch((error: unknown) => {
      if (error instanceof Failure && error.retry !== undefined) throw error;
    });
    authorization.requireProvider(text);
  }
  const url = safeUrl(text);
  if ('reason' in url) throw new Failure('usage', `the resource ${url.reason}`);
  const peer = await ofResource(authorization, text);
  return {
    app: undefined,
    names: [url.host, `${url.host}${url.pathname}`.replace(/\/$/, '')],
    peer,
    provider,
  };
}

/** The app of this name or id, else the only one of this provider, resource or issuer. */
async function appOf(
  store: Store,
  workspace: Workspace,
  text: string,
  provider: Provider | undefined,
): Promise<App | undefined> {
  const apps = await store.apps.all(workspace.id);
  const name = text.normalize('NFC');
  const named = apps.find((app) => app.name === name || app.id === text);
  if (named !== undefined) return named;
  const meant = apps.filter((app) =>
    provider === undefined
      ? isSameUrl(app.resource, text) || app.server.issuer === text
      : app.provider === provider.name,
  );
  const [first, ...more] = meant;
  if (more.length === 0) return first;
  const names = meant.map((app) => app.name);
  throw new Failure(
    'ambiguous',
    `${names.length} apps of ${workspace.slug} are of ${text}: ${names.join(', ')}`,
    {
      hint: 'name one of them:',
      retry: { replace: text, by: typedApp(first as App) },
    },
  );
}

function isSameUrl(known: string | null, text: string): boolean {
  return known !== null && URL.canParse(text) && new URL(known).href === new URL(text).href;
}
