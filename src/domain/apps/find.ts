import { Failure, PROGRAM } from '../../errors.ts';
import { notFound } from '../nearest.ts';
import type { Readers } from '../ports/store.ts';
import type { App, Grant } from './app.ts';
import { plainApp, typedAccount } from './typed.ts';

/** An app that somebody typed: its name or id, in a workspace. */
export interface WhichApp {
  readonly workspaceId: string;
  readonly text: string;
}

/**
 * The app of this name or id in the workspace; throws `not_found` with the nearest name. A removed one isn't found, but
 * by its id when `removed` says so.
 */
export async function findApp(
  readers: Pick<Readers, 'apps'>,
  { workspaceId, text }: WhichApp,
  { removed = false }: { readonly removed?: boolean } = {},
): Promise<App> {
  const found =
    (await readers.apps.byName(workspaceId, text.normalize('NFC'))) ?? (await readers.apps.byId(text));
  if (found?.workspaceId === workspaceId && (removed || found.removedAt === null)) return found;
  const names = (await readers.apps.all(workspaceId)).map(({ name }) => name).filter(isNoFlag);
  throw notFound(`no app "${text}"`, text, names, `${PROGRAM} apps list`);
}

/**
 * The grant that is meant: that of the account (or grant id) if one is given, whatever became of it; else the only
 * unrevoked one, else the only one whose revocation is pending, else the only revoked one. Throws `ambiguous` listing the accounts, `not_found` with the nearest
 * account, and `needs_authorization` for an app that was never authorized.
 */
export async function findGrant(
  readers: Pick<Readers, 'grants' | 'workspaces'>,
  app: App,
  account: string | undefined,
): Promise<Grant> {
  const grants = await readers.grants.ofApp(app.id);
  if (grants.length === 0) throw await notConnected(readers, app);
  if (account !== undefined) return ofAccount(app, grants, account);
  const living = grants.filter(({ revokedAt }) => revokedAt === null);
  const pending = grants.filter(({ revocationPending }) => revocationPending);
  const meant = [living, pending, grants].find(({ length }) => length > 0) ?? grants;
  const [first, ...more] = meant;
  if (first !== undefined && more.length === 0) return first;
  const accounts = meant.map((grant) => grant.account);
  throw new Failure('ambiguous', `${app.name} has ${accounts.length} accounts: ${listed(accounts)}`, {
    hint: 'name one of them:',
    retry: { append: `--account=${typedAccount(first as Grant)}` },
  });
}

/** What an app that nobody has authorized is told with. */
async function notConnected(readers: Pick<Readers, 'workspaces'>, app: App): Promise<Failure> {
  const slug = (await readers.workspaces.byId(app.workspaceId))?.slug ?? app.workspaceId;
  return new Failure('needs_authorization', `${app.name} is not connected: nobody has authorized it`, {
    hint: `${PROGRAM} apps authorize ${plainApp(app)} -w ${slug}`,
  });
}

function ofAccount(app: App, grants: readonly Grant[], text: string): Grant {
  const account = text.normalize('NFC');
  const found = grants.find((grant) => grant.account === account || grant.id === text);
  if (found !== undefined) return found;
  const accounts = grants.map((grant) => grant.account);
  const otherwise = `the accounts are ${listed(accounts)}`;
  throw notFound(`${app.name} has no account "${text}"`, text, accounts.filter(isNoFlag), otherwise);
}

/** Can it stand in the place of a word that was typed? */
function isNoFlag(name: string): boolean {
  return !name.startsWith('-');
}

const MOST_LISTED = 20;

function listed(accounts: readonly string[]): string {
  const more = accounts.length - MOST_LISTED;
  return accounts.slice(0, MOST_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
