import type { App } from '../apps/app.ts';
import { stateOfApp } from '../apps/facts.ts';
import type { AuditEntry } from '../audit/entry.ts';
import type { Difference } from './compare-keys.ts';

/**
 * What tells how an app is to be: both check its seals, or make them. Others, which unlock nothing or change nothing of
 * this, carry what stands in the row, and would vouch for an edit that came before.
 */
const TELLING: ReadonlySet<string> = new Set(['app.register', 'app.update']);

/** Compares every app with the newest audit entry that changed it. Feed it all entries in order, then all apps. */
export class AppComparison {
  readonly #states = new Map<string, string>();

  /** Takes note of an entry. */
  entry({ action, target, facts }: AuditEntry): void {
    if (!TELLING.has(action)) return;
    const { provider, resource, bound_to, endpoints, client_id, client_auth, allowlist } = facts;
    const state = { provider, resource, bound_to, endpoints, client_id, client_auth, allowlist };
    this.#states.set(target, JSON.stringify(state));
  }

  /** The difference between an app and that entry, if there is one. */
  app(app: App): Difference | undefined {
    const logged = this.#states.get(app.id);
    if (logged === undefined) return { target: app.id, reason: 'no audit entry tells of it' };
    const now = JSON.stringify(stateOfApp(app));
    return logged === now
      ? undefined
      : { target: app.id, reason: `the log says ${logged}, the store ${now}` };
  }
}
