import type { Facts, NewEntry } from '../audit/entry.ts';
import { type App, type Grant, stampOf } from './app.ts';

/** Field under which an app's client secret is sealed; the record is the app. */
export const CLIENT_SECRET = 'client_secret';
/** Fields under which a grant's tokens are sealed, with its `tokenVersion`; the record is the grant. */
export const ACCESS_TOKEN = 'access_token';
export const REFRESH_TOKEN = 'refresh_token';

/**
 * What decides whom an app's secrets are sent to and what it may ask for. Every audit entry about an app carries it as
 * it is after the change, so that `doctor` can tell when a row was edited.
 */
export function stateOfApp({ provider, resource, server, clientId, clientAuth, allowlist }: App): Facts {
  const { authorizationEndpoint, tokenEndpoint, deviceEndpoint, revocationEndpoint } = server;
  const endpoints = [authorizationEndpoint, tokenEndpoint, deviceEndpoint, revocationEndpoint];
  return {
    ...{ provider, resource, bound_to: stampOf(server) },
    // In this order; an empty text where there is none.
    endpoints: [...endpoints, server.userinfoEndpoint, server.jwksUri].map((url) => url ?? ''),
    ...{ client_id: clientId, client_auth: clientAuth, allowlist },
  };
}

/** An audit entry about an app: its state after the change, and what else is worth knowing. */
export function appEntry(action: string, app: App, more: Facts = {}): NewEntry {
  const { id, workspaceId, name, registration, redirectPort, integrationId } = app;
  const rest = { registration, redirect_port: redirectPort, integration_id: integrationId };
  return { action, target: id, workspaceId, facts: { name, ...stateOfApp(app), ...rest, ...more } };
}

/** What decides whose tokens a grant gives out, for what, and whether it does; for `doctor`, as `stateOfApp`. */
export function stateOfGrant(grant: Grant): Facts {
  const { appId, account, kind, asked, granted, authorizedBy, tokenVersion } = grant;
  return {
    ...{ app_id: appId, account, kind, asked, granted, authorized_by: authorizedBy },
    ...{ token_version: tokenVersion, revoked: grant.revokedAt !== null },
    ...{ revocation_pending: grant.revocationPending, needs: grant.needsReason },
  };
}

/** An audit entry about a grant: what it is after the change, never what its tokens are. */
export function grantEntry(action: string, grant: Grant, app: Pick<App, 'name'>, more: Facts = {}): NewEntry {
  const { id, workspaceId } = grant;
  return { action, target: id, workspaceId, facts: { app: app.name, ...stateOfGrant(grant), ...more } };
}
