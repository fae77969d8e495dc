import { ROLES } from '../../domain/access/roles.ts';
import type { Member } from '../../domain/workspaces/workspace.ts';
import type { Column } from '../../terminal/output.ts';
import { age, rfc3339 } from '../../terminal/time.ts';

/** What `--role` takes, from the least to the most. */
export const ROLE_CHOICES: readonly string[] = ROLES;

/** A member for `--json`. Fields are only ever added. */
export function memberJson({ name, role, createdAt }: Member, workspace: string): object {
  return { name, role, workspace, created_at: rfc3339(createdAt) };
}

/** The columns of `members list`; their order in TSV is frozen. */
export function memberColumns(now: number): readonly Column<Member>[] {
  return [
    { header: 'MEMBER', tsv: ({ name }) => name, flexible: true },
    { header: 'ROLE', tsv: ({ role }) => role },
    {
      header: 'SINCE',
      tsv: ({ createdAt }) => rfc3339(createdAt),
      cell: ({ createdAt }) => age(createdAt, now),
    },
  ];
}
