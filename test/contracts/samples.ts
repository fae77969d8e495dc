import { randomBytes } from 'node:crypto';
import { type App, type Grant, type ServerFacts, stampOf } from '../../src/domain/apps/app.ts';
import type { AuditEntry } from '../../src/domain/audit/entry.ts';
import type { Integration } from '../../src/domain/integrations/integration.ts';
import type { ApiKey, StoredVerifier } from '../../src/domain/keys/key.ts';
import type { SealedPepper, SlotRecord } from '../../src/domain/ports/secrets.ts';
import type { Store, StoreSeed } from '../../src/domain/ports/store.ts';
import type { UsageBatch, VersionUse } from '../../src/domain/ports/usage.ts';
import type { Rotation } from '../../src/domain/rotations/rotation.ts';
import type { Workspace } from '../../src/domain/workspaces/workspace.ts';

/** 2026-01-01T00:00:00Z */
export const T0 = 1_767_225_600_000;
export const DAY = 86_400_000;

let last = 0;
/** 12 base62 characters, another each time. */
function someKid(): string {
  last += 1;
  return last.toString(36).padStart(12, '0');
}

export function someWorkspace(change: Partial<Workspace> = {}): Workspace {
  const kid = someKid();
  return {
    id: `ws_${kid}`,
    slug: `team-${kid}`,
    name: 'Team',
    kind: 'company',
    brand: 'kw',
    createdAt: T0,
    createdBy: 'ana',
    archivedAt: null,
    ...change,
  };
}

export function someKey(workspaceId: string, change: Partial<ApiKey> = {}): ApiKey {
  const kid = someKid();
  return {
    kid,
    workspaceId,
    brand: 'kw',
    mode: 'live',
    name: `key ${kid}`,
    purpose: null,
    owner: 'ana',
    scopes: ['orders:read'],
    networks: [],
    integrationId: null,
    version: 1,
    issuedAt: change.createdAt ?? T0,
    olderUntil: null,
    createdAt: T0,
    createdBy: 'ana',
    expiresAt: null,
    disabledAt: null,
    revokedAt: null,
    revokedReason: null,
    lastUsedAt: null,
    versionFirstUsedAt: null,
    versionUsedAt: null,
    shownAt: null,
    ...change,
  };
}

export function someVerifier(): StoredVerifier {
  return { pepper: 1, hash: new Uint8Array(randomBytes(32)) };
}

export function someSlot(change: Partial<SlotRecord> = {}): SlotRecord {
  const kid = someKid();
  return {
    id: `slot_${kid}`,
    name: `slot ${kid}`,
    kind: 'keychain',
    role: 'operator',
    header: 'v=1',
    wrapped: new Uint8Array(randomBytes(60)),
    createdAt: T0,
    ...change,
  };
}

export function somePepper(number: number, kind: SealedPepper['kind'] = 'pepper'): SealedPepper {
  return { number, kind, sealed: new Uint8Array(randomBytes(60)), createdAt: T0 };
}

export function someIntegration(workspaceId: string, change: Partial<Integration> = {}): Integration {
  const kid = someKid();
  return {
    id: `int_${kid}`,
    workspaceId,
    name: `integration ${kid}`,
    purpose: null,
    url: null,
    createdAt: T0,
    createdBy: 'ana',
    configuredAt: null,
    disabledAt: null,
    ...change,
  };
}

/** An open delivery of a key's next version. */
export function someRotation(key: ApiKey, change: Partial<Rotation> = {}): Rotation {
  return {
    id: `rot_${someKid()}`,
    kid: key.kid,
    workspaceId: key.workspaceId,
    fromVersion: key.version,
    toVersion: key.version + 1,
    state: 'issued',
    delivery: true,
    check: false,
    graceMs: DAY,
    startedAt: T0,
    startedBy: 'ana',
    updatedAt: T0,
    ...change,
  };
}

/** A server that can do everything. */
export function someServer(change: Partial<ServerFacts> = {}): ServerFacts {
  return {
    issuer: 'https://as.test',
    authorizationEndpoint: 'https://as.test/authorize',
    tokenEndpoint: 'https://as.test/token',
    deviceEndpoint: null,
    revocationEndpoint: 'https://as.test/revoke',
    userinfoEndpoint: null,
    jwksUri: 'https://as.test/jwks?a=b,c',
    issInResponse: true,
    openid: false,
    idTokenAlgorithms: ['RS256'],
    ...change,
  };
}

export function someApp(workspaceId: string, change: Partial<App> = {}): App {
  const kid = someKid();
  return {
    id: `app_${kid}`,
    workspaceId,
    name: `app ${kid}`,
    provider: null,
    resource: null,
    server: someServer(),
    clientId: `client ${kid}`,
    clientAuth: 'client_secret_basic',
    registration: 'by-hand',
    allowlist: null,
    redirectPort: null,
    integrationId: null,
    createdAt: T0,
    createdBy: 'ana',
    removedAt: null,
    ...change,
  };
}

export function someGrant(app: App, change: Partial<Grant> = {}): Grant {
  return {
    id: `grant_${someKid()}`,
    appId: app.id,
    workspaceId: app.workspaceId,
    account: '@ana',
    kind: 'user',
    stamp: stampOf(app.server),
    redirectUri: 'http://127.0.0.1:41873/callback',
    asked: ['repo', 'admin:org'],
    granted: ['repo'],
    authorizedAt: T0,
    authorizedBy: 'ana',
    tokenVersion: 1,
    tokenExpiresAt: T0 + DAY,
    refreshable: true,
    refreshedAt: null,
    needsReason: null,
    revokedAt: null,
    revocationPending: false,
    ...change,
  };
}

/** What a verifier reports, nothing where nothing is given. */
export function someUsage(change: Partial<UsageBatch> = {}): UsageBatch {
  return { used: [], rehashed: new Map(), adopted: [], ...change };
}

/** A use of a key's first version. */
export function someUse(kid: string, at: number, change: Partial<VersionUse> = {}): VersionUse {
  return { kid, version: 1, older: false, at, ...change };
}

export function someEntry(seq: number, change: Partial<AuditEntry> = {}): AuditEntry {
  return {
    seq,
    at: T0 + seq,
    actor: 'ana',
    osUser: null,
    action: 'key.create',
    target: 'key_000000000000',
    workspaceId: null,
    facts: {},
    locked: false,
    prev: new Uint8Array(32),
    hash: new Uint8Array(randomBytes(32)),
    seal: null,
    ...change,
  };
}

export function someSeed(change: Partial<StoreSeed> = {}): StoreSeed {
  const workspace = someWorkspace({ slug: 'acme', name: 'Acme' });
  const slot = someSlot({ name: 'keychain' });
  return {
    identity: { id: `store_${someKid()}`, createdAt: T0, primarySlot: slot.id },
    workspace,
    owner: { workspaceId: workspace.id, name: 'ana', role: 'owner', createdAt: T0 },
    slots: [slot],
    peppers: [somePepper(1)],
    sealed: [],
    audit: [someEntry(1, { action: 'store.create', target: 'store_x' })],
    undo: async () => undefined,
    ...change,
  };
}

/** Writes keys with fresh hashes in one transaction. */
export function addKeys(store: Store, keys: readonly ApiKey[]): Promise<void> {
  return store.write(async (tx) => {
    for (const key of keys) await tx.write.keys.insert(key, someVerifier());
  });
}
