import type { App, ServerFacts } from '../apps/app.ts';
import { CLIENT_SECRET } from '../apps/facts.ts';
import { nameOf } from '../apps/reconnect.ts';
import type { SealedRecord } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import { type Compared, differing, type GoesBack, pairs } from './goes-back.ts';
import { type GrantPlan, mustReconnect, unlessDamaged } from './grants.ts';
import type { Names } from './key-goes-back.ts';

/**
 * What of apps goes back. Their grants don't (`grants.ts`), but for those whose tokens of now are no good in the
 * restored store. Apps that can't be read in the store are all told as being there again.
 */
export async function appsGoBack(
  store: Readers,
  backup: Readers,
  { grants }: Pick<GrantPlan, 'grants'>,
  names: Names,
): Promise<readonly GoesBack[]> {
  const [now, then] = [await unlessDamaged(() => store.apps.all(), []), await backup.apps.all()];
  const sameRoot = await isSameRoot(store, backup);
  const found: GoesBack[] = [];
  for (const [one, before] of pairs(now, then, ({ id }) => id)) {
    found.push(...appBack(one, before, names));
    if (one === undefined || before === undefined) continue;
    const sealed = [store, backup].map(({ slots }) => slots.sealed(one.id, CLIENT_SECRET));
    const [secret, old] = await Promise.all(sealed);
    found.push(...differing(subjectOf(one, names), [secretBack(secret, old, sameRoot)]));
  }
  for (const kept of grants.filter((one) => mustReconnect(one, sameRoot))) {
    const { id, appId, workspaceId, account } = kept.before;
    const app = await backup.apps.byId(appId);
    const name = app === undefined ? account : nameOf({ app, grant: kept.before });
    const subject = { of: 'grant', workspace: names.workspaces.get(workspaceId) ?? '', id, name } as const;
    found.push(...differing(subject, [['needs_authorization', false, true, false]]));
  }
  return found;
}

function subjectOf({ id, name, workspaceId }: App, { workspaces }: Names) {
  return { of: 'app', workspace: workspaces.get(workspaceId) ?? '', id, name } as const;
}

function appBack(now: App | undefined, then: App | undefined, names: Names): readonly GoesBack[] {
  const subject = subjectOf((now ?? then) as App, names);
  if (now === undefined || then === undefined)
    return differing(subject, [['there', now !== undefined, then !== undefined, then !== undefined]]);
  const integration = ({ integrationId }: App): string | null =>
    integrationId === null ? null : (names.integrations.get(integrationId) ?? integrationId);
  return differing(subject, [
    ['name', now.name, then.name, false],
    ['provider', now.provider, then.provider, true],
    ['resource', now.resource, then.resource, true],
    ...serverBack(now.server, then.server),
    ['client_id', now.clientId, then.clientId, false],
    ['client_auth', now.clientAuth, then.clientAuth, false],
    ['allowed_scopes', now.allowlist, then.allowlist, !within(then.allowlist, now.allowlist)],
    ['redirect_port', now.redirectPort, then.redirectPort, then.redirectPort === null],
    ['integration', integration(now), integration(then), then.integrationId === null],
  ]);
}

/** Another server is another one to send secrets and tokens to, and to believe. */
function serverBack(now: ServerFacts, then: ServerFacts): readonly Compared[] {
  return [
    ['issuer', now.issuer, then.issuer, true],
    ['authorization_endpoint', now.authorizationEndpoint, then.authorizationEndpoint, true],
    ['token_endpoint', now.tokenEndpoint, then.tokenEndpoint, true],
    ['device_endpoint', now.deviceEndpoint, then.deviceEndpoint, true],
    ['revocation_endpoint', now.revocationEndpoint, then.revocationEndpoint, true],
    ['userinfo_endpoint', now.userinfoEndpoint, then.userinfoEndpoint, true],
    ['jwks_uri', now.jwksUri, then.jwksUri, true],
    ['iss_in_response', now.issInResponse, then.issInResponse, true],
    ['openid', now.openid, then.openid, true],
    ['id_token_algorithms', now.idTokenAlgorithms, then.idTokenAlgorithms, true],
  ];
}

/** Versions begin anew when a secret was taken away, so what is sealed is compared as well, unless all was sealed anew. */
function secretBack(
  now: SealedRecord | undefined,
  then: SealedRecord | undefined,
  sameRoot: boolean,
): Compared {
  const isSame =
    now?.version === then?.version &&
    (now === undefined || then === undefined || !sameRoot || Buffer.compare(now.sealed, then.sealed) === 0);
  const [present, before] = [now && 'another one', then && 'the one of the backup'];
  return ['client_secret', isSame ? null : (present ?? null), isSame ? null : (before ?? null), false];
}

/** Does the second list allow all that the first does? Scopes of providers are compared whole; null is any. */
function within(scopes: readonly string[] | null, others: readonly string[] | null): boolean {
  if (others === null) return true;
  return scopes?.every((scope) => others.includes(scope)) ?? false;
}

/** A new root key seals every pepper anew, and nothing else does. */
async function isSameRoot(store: Readers, backup: Readers): Promise<boolean> {
  const before = new Map((await backup.slots.peppers()).map(({ number, sealed }) => [number, sealed]));
  return (await store.slots.peppers()).some(({ number, sealed }) => {
    const old = before.get(number);
    return old !== undefined && Buffer.compare(old, sealed) === 0;
  });
}
