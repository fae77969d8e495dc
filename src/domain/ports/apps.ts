import type { App, Grant, RefreshIntent } from '../apps/app.ts';

/** Apps as they are stored. A row that was edited into something else throws `store_damaged`. */
export interface AppReader {
  /** A removed one, too, while a revocation of it is pending at its provider. */
  byId(id: string): Promise<App | undefined>;
  byName(workspaceId: string, name: string): Promise<App | undefined>;
  /** Those of a workspace, or of all, by name; removed ones aren't among them. */
  all(workspaceId?: string): Promise<readonly App[]>;
}

/** Grants and what is on its way for them. A row that was edited into something else throws `store_damaged`. */
export interface GrantReader {
  byId(id: string): Promise<Grant | undefined>;
  /** The grant of this account, whatever became of it; there is at most one. */
  byAccount(appId: string, account: string): Promise<Grant | undefined>;
  /** Those of an app, revoked ones included, by account. */
  ofApp(appId: string): Promise<readonly Grant[]>;
  /** Those of a workspace, or of all, revoked ones included, by app and account; those of removed apps aren't among them. */
  all(workspaceId?: string): Promise<readonly Grant[]>;
  /** Unrevoked ones that this member authorized, by app and account. */
  authorizedBy(workspaceId: string, member: string): Promise<readonly Grant[]>;
  /** Revoked here and not yet at their providers, those of removed apps included; the longest revoked first. */
  revocationsPending(): Promise<readonly Grant[]>;
  /** How many unrevoked ones a workspace has. */
  count(workspaceId: string): Promise<number>;
  intent(grantId: string): Promise<RefreshIntent | undefined>;
  /** Every intent that is there, oldest first. */
  intents(): Promise<readonly RefreshIntent[]>;
}

/** What can change of an app. What secrets are bound to, its server, cannot. */
export type AppChange = Partial<
  Pick<
    App,
    | 'name'
    | 'clientId'
    | 'clientAuth'
    | 'allowlist'
    | 'redirectPort'
    | 'integrationId'
    | 'createdBy'
    | 'removedAt'
  >
>;

export interface AppWriter {
  /** Throws `exists` when the workspace has one of this name. */
  insert(app: App): Promise<void>;
  /** Throws `exists` as `insert` does. With `removedAt` its name is free again. */
  update(id: string, change: AppChange): Promise<void>;
  /** With its grants, their intents and all that is sealed of them. */
  remove(id: string): Promise<void>;
}

/** What a consent given anew, or anything that happens to a grant, changes. */
export type GrantChange = Partial<Omit<Grant, 'id' | 'appId' | 'workspaceId'>>;

/** What a stored refresh changes beside the version. */
type TokenChange = Pick<Grant, 'granted' | 'tokenExpiresAt' | 'refreshable' | 'refreshedAt'>;

export interface GrantWriter {
  /** Throws `exists` when the app has one of this account. */
  insert(grant: Grant): Promise<void>;
  /** Throws `exists` as `insert` does. */
  update(id: string, change: GrantChange): Promise<void>;
  /**
   * Raises `tokenVersion` by one from `fromVersion` with what changes; the tokens themselves are sealed under the new
   * version in the same transaction. False, and nothing is changed, when it is another version by now, or revoked.
   */
  storeTokens(id: string, fromVersion: number, change: TokenChange): Promise<boolean>;
  /** Replaces the one that is there. */
  putIntent(intent: RefreshIntent): Promise<void>;
  removeIntent(grantId: string): Promise<void>;
}
