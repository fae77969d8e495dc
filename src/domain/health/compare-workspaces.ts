import type { AuditEntry, Facts } from '../audit/entry.ts';
import type { WorkspaceReader } from '../ports/store.ts';
import { DEFAULT_POLICY, policyFacts } from '../workspaces/policy.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import type { Difference } from './compare-keys.ts';

/** What the log says of a workspace. */
interface Logged {
  archived: boolean;
  /** Role by member. */
  readonly roles: Map<string, string>;
  policy: Facts;
}

/** Compares every workspace, its members and its policy with the log. Feed it all entries in order, then ask. */
export class WorkspaceComparison {
  readonly #logged = new Map<string, Logged>();

  /** Takes note of an entry. */
  entry({ action, target, facts }: AuditEntry): void {
    if (action === 'workspace.create') this.#logged.set(target, madeBy(String(facts.owner)));
    const logged = this.#logged.get(target);
    if (logged === undefined) return;
    if (action === 'workspace.archive') logged.archived = true;
    else if (action === 'workspace.unarchive') logged.archived = false;
    else if (action === 'policy.set') logged.policy = facts;
    else if (action === 'member.remove') logged.roles.delete(String(facts.member));
    else if (action.startsWith('member.')) logged.roles.set(String(facts.member), String(facts.role));
  }

  /** What is other than the log tells, and the workspaces that it doesn't tell of. */
  async differences(workspaces: WorkspaceReader): Promise<readonly Difference[]> {
    const found: Difference[] = [];
    for (const workspace of await workspaces.all())
      for (const reason of await this.#reasons(workspaces, workspace))
        found.push({ target: `workspace ${workspace.slug}`, reason });
    return found;
  }

  async #reasons(workspaces: WorkspaceReader, { id, archivedAt }: Workspace): Promise<readonly string[]> {
    const logged = this.#logged.get(id);
    if (logged === undefined) return ['no audit entry tells of it'];
    const reasons: string[] = [];
    const states = (archived: boolean): string => (archived ? 'archived' : 'not archived');
    if (logged.archived !== (archivedAt !== null))
      reasons.push(`the log says ${states(logged.archived)}, the store ${states(archivedAt !== null)}`);
    const now = new Map((await workspaces.members(id)).map(({ name, role }) => [name, String(role)]));
    for (const name of new Set([...logged.roles.keys(), ...now.keys()])) {
      const [then, is] = [logged.roles.get(name) ?? 'no member', now.get(name) ?? 'no member'];
      if (then !== is) reasons.push(`the log says that ${name} is ${then}, the store ${is}`);
    }
    const policy = policyFacts(await workspaces.policy(id));
    for (const [name, value] of Object.entries(logged.policy)) {
      const [then, is] = [JSON.stringify(value), JSON.stringify(policy[name])];
      if (then !== is) reasons.push(`the log says ${name} ${then}, the store ${is}`);
    }
    return reasons;
  }
}

function madeBy(owner: string): Logged {
  return { archived: false, roles: new Map([[owner, 'owner']]), policy: policyFacts(DEFAULT_POLICY) };
}
