import type { Role } from '../workspaces/workspace.ts';

/** What somebody wants to do, as far as `decide` needs to know it. */
export type Wish = WorkspaceWish | ManageStore;

/** In one workspace. */
export type WorkspaceWish =
  | StopKeys
  | MakeKeys
  | { readonly kind: 'describe-key'; readonly key: string; readonly owner: string }
  | {
      readonly kind: 'manage';
      readonly what:
        | 'integrations'
        | 'the scope catalogue'
        | 'its name'
        | 'the integration of keys that it disables';
    }
  | { readonly kind: 'archive-workspace' }
  | { readonly kind: 'go-back' }
  | ChangeMember
  | { readonly kind: 'set-policy' }
  | { readonly kind: 'connect-apps' }
  | ChangeApp
  | { readonly kind: 'use-apps' }
  | RevokeGrant
  | RenewGrant;

/** Revoke or disable: what takes access away. */
interface StopKeys {
  readonly kind: 'stop-keys';
  /** Name of the key, for the message. */
  readonly key: string;
  readonly owner: string;
  /** Was it named by a secret of its own that was seen to verify? Whoever holds that may stop it, member or not. */
  readonly withSecret?: boolean | undefined;
}

/** Create, import, rotate, enable, bind, or change expiry, networks or owner: what gives access or keeps it. */
export interface MakeKeys {
  readonly kind: 'make-keys';
  /** Name of the key, for the message; undefined when it has none yet. */
  readonly key?: string | undefined;
  /** Who owns it now; of a new key, who will. */
  readonly owner: string;
  /** Who owns it afterwards, where that changes. */
  readonly newOwner?: string | undefined;
  /** All that the key may do. */
  readonly scopes: readonly string[];
  /**
   * The life that is asked for; left out where the expiry stays as it is. From the issue of the secret, so that an old
   * secret isn't extended for ever. ms; `until` null: it never expires.
   */
  readonly life?: { readonly from: number; readonly until: number | null } | undefined;
}

/** Add, update or remove a member. */
interface ChangeMember {
  readonly kind: 'change-member';
  readonly member: string;
  /** The role so far; undefined for somebody who is added. */
  readonly from: Role | undefined;
  /** The role afterwards; undefined for somebody who is removed. */
  readonly to: Role | undefined;
  /** Do others get what the removed member owns? */
  readonly reassigns?: boolean | undefined;
}

/** Change or remove a registered app, or widen what it may ask for. */
interface ChangeApp {
  readonly kind: 'change-app';
  /** Name of the app, for the message. */
  readonly app: string;
  /** Who registered it. */
  readonly owner: string;
}

/** Take back what somebody authorized. */
interface RevokeGrant {
  readonly kind: 'revoke-grant';
  /** Name of the app, for the message. */
  readonly app: string;
  readonly authorizedBy: string;
}

/** Authorize again what somebody authorized, which takes it over. */
interface RenewGrant {
  readonly kind: 'renew-grant';
  /** Names of the app and the account, for the message. */
  readonly app: string;
  readonly account: string;
  readonly authorizedBy: string;
}

/** What is about the whole store and no workspace. */
export interface ManageStore {
  readonly kind: 'manage-store';
  readonly what: 'slots' | 'backups' | 'new workspaces' | 'rollbacks';
}
