import type { Readers } from '../ports/store.ts';
import type { App, Grant, GrantStatus, RefreshIntent } from './app.ts';

/**
 * The state of a grant now. `active`: a valid access token is there or can be had without anybody's doing. `expired`:
 * its token ended and nothing renews it. A refresh that nobody knows the outcome of needs somebody once the token that
 * is there has ended.
 */
export function statusOfGrant(grant: Grant, now: number, intent?: RefreshIntent): GrantStatus {
  if (grant.revokedAt !== null) return grant.revocationPending ? 'revocation-pending' : 'revoked';
  if (grant.needsReason !== null) return 'needs-authorization';
  if (grant.tokenExpiresAt === null || grant.tokenExpiresAt > now) return 'active';
  if (intent?.uncertain === true) return 'needs-authorization';
  return grant.refreshable || grant.kind === 'client-credentials' ? 'active' : 'expired';
}

/** Why a grant of this status must be authorized again; null when it needn't. */
export function needOf({ needsReason }: Grant, status: AppStatus): string | null {
  if (needsReason !== null || status !== 'needs-authorization') return needsReason;
  return 'nobody knows whether its last refresh was carried out';
}

/** Have all tokens of it ended, and none is there to get others with? Then nobody can use what it gave. */
export function hasEnded({ tokenExpiresAt, refreshable }: Grant, now: number): boolean {
  return !refreshable && tokenExpiresAt !== null && tokenExpiresAt <= now;
}

/** The state of an app's connection; `not-connected`: nobody has authorized it. */
type AppStatus = GrantStatus | 'not-connected';

/** An app with one of its grants, or with none. */
export interface Connection {
  readonly app: App;
  readonly grant: Grant | undefined;
  readonly status: AppStatus;
}

/** Every grant of a workspace with its app, and every app that has none; by app and account. */
export async function connectionsOf(
  readers: Pick<Readers, 'apps' | 'grants'>,
  workspaceId: string | undefined,
  now: number,
): Promise<readonly Connection[]> {
  const grants = Map.groupBy(await readers.grants.all(workspaceId), ({ appId }) => appId);
  const intents = new Map((await readers.grants.intents()).map((intent) => [intent.grantId, intent]));
  return (await readers.apps.all(workspaceId)).flatMap((app): readonly Connection[] => {
    const own = grants.get(app.id) ?? [];
    if (own.length === 0) return [{ app, grant: undefined, status: 'not-connected' }];
    return own.map((grant) => ({ app, grant, status: statusOfGrant(grant, now, intents.get(grant.id)) }));
  });
}
