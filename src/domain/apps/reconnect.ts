import { Failure, PROGRAM } from '../../errors.ts';
import type { Readers } from '../ports/store.ts';
import { quote } from '../shell.ts';
import type { App, Grant } from './app.ts';

/** The account that a client's own credentials stand for. */
export const CLIENT_ACCOUNT = 'client';
/** The account where the provider doesn't say. */
export const DEFAULT_ACCOUNT = 'default';

/** A grant and the app that it is of, as they are now. */
export interface Held {
  readonly app: App;
  readonly grant: Grant;
}

/** Reads a grant and its app. Throws `not_found` when it is gone. */
export async function heldNow(readers: Readers, grantId: string): Promise<Held> {
  const grant = await readers.grants.byId(grantId);
  const app = grant && (await readers.apps.byId(grant.appId));
  if (grant !== undefined && app !== undefined) return { app, grant };
  throw new Failure('not_found', `no grant ${grantId}`, { hint: `${PROGRAM} apps list` });
}

/** `github @ana`: how messages call a grant. */
export function nameOf({ app, grant }: Held): string {
  return grant.kind === 'client-credentials' || grant.account === DEFAULT_ACCOUNT
    ? app.name
    : `${app.name} ${grant.account}`;
}

/** The command that reconnects exactly this grant: `apps authorize NAME --account A -w WS`. */
export async function reconnect(readers: Readers, { app, grant }: Held): Promise<string> {
  const slug = (await readers.workspaces.byId(app.workspaceId))?.slug ?? app.workspaceId;
  const command = `${PROGRAM} apps authorize ${nameOrId(app)}`;
  if (grant.kind === 'client-credentials') return `${command} -w ${slug} --client-credentials`;
  const account = grant.account === DEFAULT_ACCOUNT ? '' : accountFlag(grant.account);
  return `${command}${account} -w ${slug}`;
}

/** How an app stands in a command line: its name, but for one that would be read as a flag. */
export function nameOrId({ id, name }: Pick<App, 'id' | 'name'>): string {
  return name.startsWith('-') ? id : quote(name);
}

function accountFlag(account: string): string {
  return account.startsWith('-') ? ` --account=${quote(account)}` : ` --account ${quote(account)}`;
}

/** The command that gives up the pending revocation of exactly this grant. By ids: the app may be removed by now. */
export async function givingUp(
  readers: Pick<Readers, 'workspaces'>,
  { id, workspaceId }: Pick<App, 'id' | 'workspaceId'>,
  grant: Pick<Grant, 'id'>,
): Promise<string> {
  const slug = (await readers.workspaces.byId(workspaceId))?.slug ?? workspaceId;
  return `${PROGRAM} apps revoke ${id} --account ${grant.id} --here-only -w ${slug}`;
}

/** Exit code 8, naming the command that reconnects. `why` is half a sentence: `it was revoked`. */
export async function mustAuthorize(readers: Readers, held: Held, why: string): Promise<Failure> {
  const message = `${nameOf(held)} must be authorized again: ${why}`;
  return new Failure('needs_authorization', message, { hint: await reconnect(readers, held) });
}
