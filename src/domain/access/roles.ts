import type { Role } from '../workspaces/workspace.ts';

/** From the least to the most. */
export const ROLES = ['viewer', 'developer', 'admin', 'owner'] as const satisfies readonly Role[];

/** Is the role this one, or one above it? An edited row that holds no role allows nothing. */
export function atLeast(role: Role, least: Role): boolean {
  const needed = ROLES.indexOf(least);
  return needed >= 0 && ROLES.indexOf(role) >= needed;
}

/** Owners and admins, who may act on what belongs to others. */
export function manages(role: Role): boolean {
  return atLeast(role, 'admin');
}

/** `a viewer`, `an admin`. */
export function withArticle(role: Role): string {
  return `${/^[aeiou]/.test(role) ? 'an' : 'a'} ${role}`;
}
