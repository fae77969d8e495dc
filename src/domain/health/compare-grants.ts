import type { App, Grant } from '../apps/app.ts';
import { stateOfGrant } from '../apps/facts.ts';
import type { AuditEntry } from '../audit/entry.ts';
import type { Difference } from './compare-keys.ts';

/** They tell that a token went out or got lost, and would vouch for an edit that came before. */
const SILENT: ReadonlySet<string> = new Set(['grant.token', 'grant.uncertain']);

/** What the log says of a grant: `stateOfGrant`, in JSON. */
interface Logged {
  readonly appId: unknown;
  readonly state: string;
}

/** Compares every grant with the newest audit entry that changed it. Feed it all entries in order, then ask. */
export class GrantComparison {
  readonly #logged = new Map<string, Logged>();

  /** Takes note of an entry. */
  entry({ action, target, facts }: AuditEntry): void {
    if (!action.startsWith('grant.') || SILENT.has(action)) return;
    const { app_id, account, kind, asked, granted, authorized_by } = facts;
    const { token_version, revoked, revocation_pending, needs } = facts;
    const what = { app_id, account, kind, asked, granted, authorized_by };
    const state = JSON.stringify({ ...what, token_version, revoked, revocation_pending, needs });
    this.#logged.set(target, { appId: app_id, state });
  }

  /**
   * What is other than the log tells, what it doesn't tell of, and what is gone, `apps` being all that weren't removed:
   * with an app its grants go.
   */
  differences(grants: readonly Grant[], apps: readonly App[]): readonly Difference[] {
    const left = new Map(this.#logged);
    const found = grants.flatMap((grant) => {
      const logged = left.get(grant.id)?.state;
      left.delete(grant.id);
      if (logged === undefined) return { target: grant.id, reason: 'no audit entry tells of it' };
      const now = JSON.stringify(stateOfGrant(grant));
      return logged === now ? [] : { target: grant.id, reason: `the log says ${logged}, the store ${now}` };
    });
    const living = new Set<unknown>(apps.map(({ id }) => id));
    const gone = [...left].filter(([, { appId }]) => living.has(appId));
    const reason = 'the log tells of it, and the store does not have it';
    return [...found, ...gone.map(([target]) => ({ target, reason }))];
  }
}
