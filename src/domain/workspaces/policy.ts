import type { Facts } from '../audit/entry.ts';
import type { Role } from './workspace.ts';

/** What a workspace allows. */
export interface Policy {
  /** The least role that may create, rotate and import keys. */
  readonly createKeys: Role;
  /** The least role that may connect apps. */
  readonly connectApps: Role;
  /** Scopes that only owners and admins may grant; patterns such as `billing:*`. */
  readonly restrictedScopes: readonly string[];
  /** Scopes of providers that apps are given only by owners and admins; whole and with case, no patterns. */
  readonly restrictedProviderScopes: readonly string[];
  /** What each role may grant at most. An owner may grant everything. */
  readonly ceilings: { readonly [role in Exclude<Role, 'owner'>]: readonly string[] };
  /** Life of a key for which nothing is said, ms; null: it never expires. */
  readonly defaultLife: number | null;
  /** Longest life of a key, ms; null: no limit, `never` included. */
  readonly longestLife: number | null;
}

/** What holds until `policy set` says otherwise. */
export const DEFAULT_POLICY: Policy = Object.freeze({
  createKeys: 'developer',
  connectApps: 'developer',
  restrictedScopes: ['billing:*', 'company:*', 'publish:*'],
  restrictedProviderScopes: [],
  ceilings: { admin: ['*:*'], developer: ['*:*'], viewer: [] },
  defaultLife: 90 * 86_400_000,
  longestLife: null,
});

/** Life of a key for which nothing is said, ms; the default, cut to the longest. null: it never expires. */
export function defaultLifeOf({ defaultLife, longestLife }: Policy): number | null {
  if (longestLife === null) return defaultLife;
  return defaultLife === null ? longestLife : Math.min(defaultLife, longestLife);
}

/** The whole policy, flat; for the audit log, and to compare. */
export function policyFacts(policy: Policy): Facts {
  const { ceilings } = policy;
  return {
    create_keys: policy.createKeys,
    connect_apps: policy.connectApps,
    restricted_scopes: policy.restrictedScopes,
    restricted_provider_scopes: policy.restrictedProviderScopes,
    ceiling_admin: ceilings.admin,
    ceiling_developer: ceilings.developer,
    ceiling_viewer: ceilings.viewer,
    default_life: policy.defaultLife,
    longest_life: policy.longestLife,
  };
}

/** `90d`, `12h` or `30m`; `never` for null. */
export function lifeText(ms: number | null): string {
  if (ms === null) return 'never';
  const [unit, size] = UNITS.find(([, one]) => ms % one === 0) ?? ['m', 60_000];
  return `${Math.floor(ms / size)}${unit}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const;
