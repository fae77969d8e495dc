import { requireAllowed } from '../access/require.ts';
import { change, type Ledger, signatureOf } from '../audit/change.ts';
import { newId } from '../ids.ts';
import { bindableIntegration } from '../keys/bound.ts';
import type { OperatorAccess } from '../ports/secrets.ts';
import type { Random } from '../ports/system.ts';
import type { Secret } from '../secret.ts';
import { archived } from '../workspaces/find.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import type { App } from './app.ts';
import { sealClientSecret } from './bound.ts';
import { appEntry } from './facts.ts';
import type { ProviderScope } from './scopes.ts';
import { clientAuthFor, type Source } from './source.ts';

/** A checked wish for an app. */
export interface NewApp {
  readonly name: string;
  readonly source: Source;
  readonly clientId: string;
  /** Undefined for a public client. */
  readonly secret: Secret | undefined;
  /** How it authenticates, where that was agreed on already; else as the source likes it. */
  readonly clientAuth?: App['clientAuth'] | undefined;
  readonly registration: App['registration'];
  /** null: it may ask for anything. */
  readonly allowlist: readonly ProviderScope[] | null;
  readonly redirectPort: number | null;
  /** Name or id of a configured integration. */
  readonly integration?: string | undefined;
}

/**
 * Registers an app, with its client secret sealed, in one transaction. Throws `exists` when the name is taken,
 * `forbidden`, `usage` when the server needs a secret and there is none (or the other way round), `not_found` and
 * `wrong_state` for the integration, `wrong_state` for an archived workspace.
 */
export function registerApp(
  ledger: Ledger,
  means: { readonly access: Pick<OperatorAccess, 'seal'>; readonly random: Random },
  workspace: Workspace,
  wish: NewApp,
): Promise<App> {
  const { at: createdAt, actor: createdBy } = signatureOf(ledger);
  const { source, secret } = wish;
  const clientAuth = wish.clientAuth ?? clientAuthFor(source, secret !== undefined);
  return change(ledger, async (tx, record) => {
    await requireAllowed(tx, ledger.actor, workspace.id, { kind: 'connect-apps' });
    if ((await tx.workspaces.byId(workspace.id))?.archivedAt !== null) throw archived(workspace.slug);
    const integration =
      wish.integration === undefined
        ? undefined
        : await bindableIntegration(tx, workspace.id, wish.integration);
    const { name, clientId, registration, allowlist, redirectPort } = wish;
    const { provider, resource, server } = source;
    const app: App = {
      ...{ id: newId('app', means.random), workspaceId: workspace.id, name, provider, resource, server },
      ...{ clientId, clientAuth, registration, allowlist, redirectPort },
      ...{ integrationId: integration?.id ?? null, createdAt, createdBy, removedAt: null },
    };
    await tx.write.apps.insert(app);
    await sealClientSecret(tx, means.access, app, secret);
    record(appEntry('app.register', app, { client_secret: secret !== undefined }));
    return app;
  });
}
