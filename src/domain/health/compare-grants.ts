import type { App, Grant } from '../apps/app.ts';
import { stateOfGrant } from '../apps/facts.ts';
import type { AuditEntry, Facts } from '../audit/entry.ts';
import type { Difference } from './compare-keys.ts';

/** They tell that a token went out or got lost, and would vouch for an edit that came before. */
const SILENT: ReadonlySet<string> = new Set(['grant.token', 'grant.uncertain']);

/** Compares every grant with the newest audit entry that changed it. Feed it all entries in order, then ask. */
export class GrantComparison {
  readonly #logged = new Map<string, Facts>();

  /** Takes note of an entry. */
  entry({ action, target, facts }: AuditEntry): void {
    if (!action.startsWith('grant.') || SILENT.has(action)) return;
    this.#logged.set(target, facts);
  }

  /**
   * What is other than the log tells, what it doesn't tell of, and what is gone, `apps` being all that weren't removed:
   * with an app its grants go.
   */
  differences(grants: readonly Grant[], apps: readonly App[]): readonly Difference[] {
    const left = new Map(this.#logged);
    const found = grants.flatMap((grant) => {
      const facts = left.get(grant.id);
      left.delete(grant.id);
      if (facts === undefined) return { target: grant.id, reason: 'no audit entry tells of it' };
      const state = stateOfGrant(grant);
      const logged = JSON.stringify(
        Object.fromEntries(Object.keys(state).map((name) => [name, facts[name]])),
      );
      const now = JSON.stringify(state);
      return logged === now ? [] : { target: grant.id, reason: `the log says ${logged}, the store ${now}` };
    });
    const living = new Set<unknown>(apps.map(({ id }) => id));
    const gone = [...left].filter(([, { app_id }]) => living.has(app_id));
    const reason = 'the log tells of it, and the store does not have it';
    return [...found, ...gone.map(([target]) => ({ target, reason }))];
  }
}
