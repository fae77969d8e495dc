import { type Integration, statusOfIntegration } from '../../domain/integrations/integration.ts';
import type { Column } from '../../terminal/output.ts';
import { age, rfc3339 } from '../../terminal/time.ts';

/** An integration and the short name of its workspace. */
export interface Shown {
  readonly integration: Integration;
  readonly workspace: string;
}

/** An integration for `--json`. Fields are only ever added. */
export function integrationJson({ integration, workspace }: Shown): object {
  const { configuredAt, disabledAt } = integration;
  return {
    id: integration.id,
    name: integration.name,
    workspace,
    status: statusOfIntegration(integration),
    purpose: integration.purpose,
    url: integration.url,
    created_at: rfc3339(integration.createdAt),
    created_by: integration.createdBy,
    configured_at: configuredAt === null ? null : rfc3339(configuredAt),
    disabled_at: disabledAt === null ? null : rfc3339(disabledAt),
  };
}

const COLORS = { draft: 'yellow', configured: 'green', disabled: 'red' } as const;

/** The columns of `integrations list`; their order in TSV is frozen. */
export function integrationColumns(now: number): readonly Column<Shown>[] {
  return [
    { header: 'NAME', tsv: ({ integration }) => integration.name, flexible: true },
    { header: 'ID', tsv: ({ integration }) => integration.id },
    { header: 'WORKSPACE', tsv: ({ workspace }) => workspace },
    {
      header: 'STATUS',
      tsv: ({ integration }) => statusOfIntegration(integration),
      color: ({ integration }) => COLORS[statusOfIntegration(integration)],
    },
    { header: 'URL', tsv: ({ integration }) => integration.url ?? '', flexible: true, lesser: true },
    {
      header: 'CREATED',
      tsv: ({ integration }) => rfc3339(integration.createdAt),
      cell: ({ integration }) => age(integration.createdAt, now),
    },
  ];
}
