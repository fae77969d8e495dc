import { hex } from '../../domain/audit/chain.ts';
import type { AuditEntry, Facts } from '../../domain/audit/entry.ts';
import { NO_CUT_OFF } from '../../domain/keys/key.ts';
import type { Column } from '../../terminal/output.ts';
import { moment, rfc3339 } from '../../terminal/time.ts';

/** An audit entry for `--json`. Fields are only ever added. `audit export` has the facts as they are hashed. */
export function entryJson(entry: AuditEntry): object {
  const { seq, actor, osUser, action, target, workspaceId, facts, locked } = entry;
  const what = {
    seq,
    at: rfc3339(entry.at),
    actor,
    os_user: osUser,
    action,
    target,
    workspace_id: workspaceId,
    facts: withTimes(facts),
  };
  return { ...what, locked, sealed: entry.seal !== null, hash: hex(entry.hash) };
}

/** Times of the facts as everywhere; null for `NO_CUT_OFF` and for 0, which are none. */
function withTimes(facts: Facts): Facts {
  const shown = Object.entries(facts).map(([name, fact]) => {
    if (typeof fact !== 'number' || !/_(at|until)$/.test(name)) return [name, fact];
    return [name, fact === 0 || fact === NO_CUT_OFF ? null : rfc3339(fact)];
  });
  return Object.fromEntries(shown);
}

/** The columns of `audit list`; their order in TSV is frozen. */
export function entryColumns(now: number): readonly Column<AuditEntry>[] {
  return [
    { header: 'SEQ', tsv: (entry) => String(entry.seq) },
    {
      header: 'TIME',
      tsv: (entry) => rfc3339(entry.at),
      cell: (entry) => moment(entry.at, now, undefined, { zone: false }),
    },
    { header: 'ACTOR', tsv: (entry) => entry.actor },
    { header: 'ACTION', tsv: (entry) => entry.action },
    { header: 'TARGET', tsv: (entry) => entry.target },
    {
      header: 'FACTS',
      tsv: (entry) => JSON.stringify(withTimes(entry.facts)),
      cell: factsOf,
      flexible: true,
    },
  ];
}

/** The facts that a person looks for; `audit list --json` has all of them. */
function factsOf(entry: AuditEntry): string {
  const { name, slug, scope, reason, kind } = entry.facts;
  const facts = [name, slug, scope, kind, reason].filter((fact) => typeof fact === 'string');
  return [...new Set(facts)].join(' · ');
}
