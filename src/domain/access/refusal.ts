import { PROGRAM } from '../../errors.ts';
import { commandOn } from '../shell.ts';
import type { Policy } from '../workspaces/policy.ts';
import type { Role } from '../workspaces/workspace.ts';
import { atLeast, manages, withArticle } from './roles.ts';

/** Who acts, and what they are in the workspace; for the store as a whole, the most they are in any. */
export interface Standing {
  readonly name: string;
  /** undefined: no member. */
  readonly role: Role | undefined;
}

/** Where it would happen. */
export interface Ground {
  /** The workspace's slug; undefined for the store as a whole. */
  readonly slug: string | undefined;
  readonly policy: Policy;
  /** Its members: those who manage it may be asked. */
  readonly members: readonly Person[];
}

/** Why not, and what to do. The reason names the role or rule that forbids; the hint says who can change that, and how. */
export interface Refusal {
  readonly allow: false;
  readonly reason: string;
  readonly hint: string;
}

/** Somebody with a role. */
export interface Person {
  readonly name: string;
  readonly role: Role;
}

const MOST_NAMED = 3;

/** For who is no member. */
export function stranger(name: string, ground: Ground): Refusal {
  const add = commandOn('members add', name, ...inWorkspace(ground));
  const hint = `--actor says who you are; ${namesOf(ground, 'admin')} can add ${name}: ${add}`;
  return { allow: false, reason: `${name} is no member of ${ground.slug}`, hint };
}

/** For who has a lower role than this takes. */
export function lacks({ name, role }: Person, ground: Ground, least: Role, what: string): Refusal {
  const above = least === 'owner' ? 'an owner' : `${withArticle(least)} at least`;
  const raise = commandOn('members update', name, '--role', least, ...inWorkspace(ground));
  return {
    allow: false,
    reason: `${what} takes ${above}, and ${name} is ${withArticle(role)} of ${ground.slug}`,
    hint: `${namesOf(ground, least)} can do it, or raise ${name}: ${raise}`,
  };
}

/** Forbidden by what the workspace's policy says. */
export function ruled(ground: Ground, reason: string): Refusal {
  return { allow: false, reason, hint: `${PROGRAM} policy show -w ${ground.slug}` };
}

/** Who may do it or change it: `first`, and a few of those who have at least this role, and manage members. */
export function namesOf({ members }: Ground, least: Role, first?: string): string {
  const able = members.filter(({ role }) => manages(role) && atLeast(role, least)).map(({ name }) => name);
  const named = able.filter((name) => name !== first).slice(0, MOST_NAMED);
  if (first !== undefined) named.unshift(first);
  return named.length === 0 ? 'an owner' : named.join(' or ');
}

function inWorkspace({ slug }: Ground): readonly string[] {
  return slug === undefined ? [] : ['-w', slug];
}
