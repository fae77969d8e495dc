import { PROGRAM } from '../../errors.ts';
import { requireAllowed, requireStoreAllowed } from '../access/require.ts';
import { change, type Ledger, signatureOf } from '../audit/change.ts';
import { newId } from '../ids.ts';
import { notFound } from '../nearest.ts';
import type { Readers } from '../ports/store.ts';
import type { Actor, Random } from '../ports/system.ts';
import { commandLine, commandOn } from '../shell.ts';
import { findWorkspace } from './find.ts';
import type { CatalogueScope, Member, Workspace, WorkspaceKind } from './workspace.ts';

export const DEFAULT_BRAND = 'kw';

const CATALOGUE = { kind: 'manage', what: 'the scope catalogue' } as const;

/** A checked wish for a workspace. */
export interface NewWorkspace {
  readonly slug: string;
  readonly name: string;
  readonly kind: WorkspaceKind;
  readonly brand: string;
}

/** A workspace and its first member, who owns it. */
export function newWorkspace(
  wish: NewWorkspace,
  by: { random: Random; actor: string; now: number },
): { workspace: Workspace; owner: Member } {
  const workspace = {
    ...wish,
    id: newId('ws', by.random),
    createdAt: by.now,
    createdBy: by.actor,
    archivedAt: null,
  };
  return {
    workspace,
    owner: { workspaceId: workspace.id, name: by.actor, role: 'owner', createdAt: by.now },
  };
}

/** Makes a workspace with the actor as its owner. Throws `exists` when the slug is taken, and `forbidden`. */
export function createWorkspace(ledger: Ledger, random: Random, wish: NewWorkspace): Promise<Workspace> {
  const { at: now, actor } = signatureOf(ledger);
  return change(ledger, async (tx, record) => {
    await requireStoreAllowed(tx, ledger.actor, 'new workspaces');
    const { workspace, owner } = newWorkspace(wish, { random, actor, now });
    await tx.write.workspaces.insert(workspace);
    await tx.write.workspaces.addMember(owner);
    record({
      action: 'workspace.create',
      target: workspace.id,
      workspaceId: workspace.id,
      facts: {
        slug: workspace.slug,
        name: workspace.name,
        kind: workspace.kind,
        brand: workspace.brand,
        owner: owner.name,
      },
    });
    return workspace;
  });
}

/** Changes the display name; the slug stays. Says whether anything changed. Throws `forbidden`. */
export function renameWorkspace(
  ledger: Ledger,
  slug: string,
  name: string,
): Promise<{ workspace: Workspace; changed: boolean }> {
  return change(ledger, async (tx, record) => {
    const before = await findWorkspace(tx, slug);
    if (before.name === name) return { workspace: before, changed: false };
    await requireAllowed(tx, ledger.actor, before.id, { kind: 'manage', what: 'its name' });
    await tx.write.workspaces.rename(before.id, name);
    const facts = { slug: before.slug, name, old_name: before.name };
    record({ action: 'workspace.rename', target: before.id, workspaceId: before.id, facts });
    return { workspace: { ...before, name }, changed: true };
  });
}

/**
 * Archives a workspace, or takes that back: while archived none of its keys verifies, effective for
 * every reader when this returns. Says whether anything changed. Throws `forbidden`.
 */
export function setArchived(
  ledger: Ledger,
  slug: string,
  archived: boolean,
): Promise<{ workspace: Workspace; changed: boolean }> {
  const now = ledger.now();
  return change(ledger, async (tx, record) => {
    const before = await findWorkspace(tx, slug);
    if ((before.archivedAt !== null) === archived) return { workspace: before, changed: false };
    await requireArchiving(tx, ledger.actor, before);
    const archivedAt = archived ? now : null;
    await tx.write.workspaces.setArchived(before.id, archivedAt);
    const action = archived ? 'workspace.archive' : 'workspace.unarchive';
    record({ action, target: before.id, workspaceId: before.id, facts: { slug: before.slug, archived } });
    return { workspace: { ...before, archivedAt }, changed: true };
  });
}

/** Throws `forbidden` unless the actor may archive the workspace, or take that back. */
export function requireArchiving(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  { id }: Pick<Workspace, 'id'>,
): Promise<void> {
  return requireAllowed(readers, actor, id, { kind: 'archive-workspace' });
}

/** Adds a scope to the workspace's catalogue. From the first one on, keys may only have scopes that are in it. Throws `forbidden`. */
export function addScope(
  ledger: Ledger,
  workspace: Workspace,
  scope: string,
  description: string | null,
): Promise<void> {
  return change(ledger, async (tx, record) => {
    await requireAllowed(tx, ledger.actor, workspace.id, CATALOGUE);
    await tx.write.workspaces.addScope({ workspaceId: workspace.id, scope, description });
    record({
      action: 'scope.add',
      target: workspace.id,
      workspaceId: workspace.id,
      facts: { scope, description },
    });
  });
}

/** Takes a scope out of the catalogue; keys that have it keep it. Throws `not_found` when it isn't there. */
export function removeScope(ledger: Ledger, workspace: Workspace, scope: string): Promise<void> {
  return change(ledger, async (tx, record) => {
    await requireRemovingScope(tx, ledger.actor, workspace, scope);
    await tx.write.workspaces.removeScope(workspace.id, scope);
    record({ action: 'scope.remove', target: workspace.id, workspaceId: workspace.id, facts: { scope } });
  });
}

/** Throws what would keep the actor from removing the scope. */
export async function requireRemovingScope(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  workspace: Workspace,
  scope: string,
): Promise<void> {
  await requireAllowed(readers, actor, workspace.id, CATALOGUE);
  const catalogue = await readers.workspaces.catalogue(workspace.id);
  refuseUnlisted(catalogue, workspace, scope, commandLine(PROGRAM, 'scopes', 'list', '-w', workspace.slug));
}

/** Throws `not_found`, with the nearest one, for a scope that isn't in the catalogue. */
export function refuseUnlisted(
  catalogue: readonly CatalogueScope[],
  workspace: Workspace,
  scope: string,
  hint = commandOn('scopes add', scope, '-w', workspace.slug),
): void {
  const scopes = catalogue.map((entry) => entry.scope);
  if (scopes.includes(scope)) return;
  throw notFound(`scope "${scope}" is not in the catalogue of ${workspace.slug}`, scope, scopes, hint);
}
