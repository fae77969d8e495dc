import type { App, Grant, GrantStatus } from '../../domain/apps/app.ts';
import { type Connection, needOf } from '../../domain/apps/status.ts';
import type { Readers } from '../../domain/ports/store.ts';
import type { Column } from '../../terminal/output.ts';
import { moment, rfc3339 } from '../../terminal/time.ts';

/** An app, the short name of its workspace, and the name of what it is bound to. */
export interface ShownApp {
  readonly app: App;
  readonly workspace: string;
  readonly integration: string | null;
}

/** A line of `apps list`: one authorization of an app, or an app that has none. */
export interface Row extends Connection {
  readonly workspace: string;
}

/** The app as it is shown. */
export async function shownApp(store: Readers, app: App, workspace: string): Promise<ShownApp> {
  const bound = app.integrationId === null ? undefined : await store.integrations.byId(app.integrationId);
  return { app, workspace, integration: bound?.name ?? null };
}

/** An app for `--json`. Fields are only ever added. */
export function appJson({ app, workspace, integration }: ShownApp): object {
  return {
    id: app.id,
    name: app.name,
    workspace,
    provider: app.provider,
    resource: app.resource,
    issuer: app.server.issuer,
    authorization_endpoint: app.server.authorizationEndpoint,
    token_endpoint: app.server.tokenEndpoint,
    client_id: app.clientId,
    client_auth: app.clientAuth,
    registration: app.registration,
    allowed_scopes: app.allowlist,
    redirect_port: app.redirectPort,
    integration,
    created_at: rfc3339(app.createdAt),
    created_by: app.createdBy,
  };
}

/** An authorization for `--json`. Fields are only ever added. */
export function grantJson(grant: Grant, status: GrantStatus): object {
  return {
    id: grant.id,
    account: grant.account,
    kind: grant.kind,
    status,
    asked_scopes: grant.asked,
    granted_scopes: grant.granted,
    authorized_at: rfc3339(grant.authorizedAt),
    authorized_by: grant.authorizedBy,
    token_expires_at: time(grant.tokenExpiresAt),
    refreshable: grant.refreshable,
    refreshed_at: time(grant.refreshedAt),
    reason: needOf(grant, status),
    revoked_at: time(grant.revokedAt),
    revocation_pending: grant.revocationPending,
  };
}

/** What `apps list --json` says of a line; null where there is no authorization. */
export function rowJson({ app, workspace, grant, status }: Row): object {
  return {
    app: app.name,
    app_id: app.id,
    provider: app.provider,
    workspace,
    account: grant?.account ?? null,
    status,
    asked_scopes: grant?.asked ?? null,
    granted_scopes: grant?.granted ?? null,
    authorized_at: grant === undefined ? null : rfc3339(grant.authorizedAt),
    authorized_by: grant?.authorizedBy ?? null,
    token_expires_at: time(grant?.tokenExpiresAt ?? null),
    reason: grant === undefined ? null : needOf(grant, status),
    grant_id: grant?.id ?? null,
  };
}

const COLORS = {
  'not-connected': undefined,
  active: 'green',
  expired: 'yellow',
  'needs-authorization': 'red',
  'revocation-pending': 'yellow',
  revoked: 'red',
} as const;

/** The columns of `apps list`; their order in TSV is frozen. */
export function rowColumns(now: number): readonly Column<Row>[] {
  return [
    { header: 'APP', tsv: ({ app }) => app.name, flexible: true },
    { header: 'ACCOUNT', tsv: ({ grant }) => grant?.account ?? '', flexible: true },
    { header: 'WORKSPACE', tsv: ({ workspace }) => workspace },
    {
      header: 'STATUS',
      tsv: ({ status }) => status,
      color: ({ status }) => COLORS[status],
    },
    { header: 'GRANTED', tsv: ({ grant }) => grant?.granted.join(' ') ?? '', flexible: true },
    { header: 'BY', tsv: ({ grant }) => grant?.authorizedBy ?? '', flexible: true, lesser: true },
    {
      header: 'SINCE',
      tsv: ({ grant }) => (grant === undefined ? '' : rfc3339(grant.authorizedAt)),
      cell: ({ grant }) =>
        grant === undefined ? '' : moment(grant.authorizedAt, now, undefined, { zone: false }),
    },
    { header: 'PROVIDER', tsv: ({ app }) => app.provider ?? hostOf(app) },
    { header: 'APP ID', tsv: ({ app }) => app.id },
    { header: 'GRANT ID', tsv: ({ grant }) => grant?.id ?? '' },
  ];
}

/** The host that a person consents at, in ASCII (punycode), so that no look-alike passes for another. */
export function hostOf({ server, resource }: Pick<App, 'server' | 'resource'>): string {
  return new URL(server.authorizationEndpoint ?? server.issuer ?? resource ?? server.tokenEndpoint).host;
}

function time(at: number | null): string | null {
  return at === null ? null : rfc3339(at);
}
