import type { Integration } from '../../src/domain/integrations/integration.ts';
import type { Readers, Transaction } from '../../src/domain/ports/store.ts';
import { isOpen, type Rotation } from '../../src/domain/rotations/rotation.ts';
import { Failure } from '../../src/errors.ts';
import { pageOf, refuse, replaced, type State } from './memory-state.ts';

export function rotationReader(state: () => State): Readers['rotations'] {
  const of = (kid: string) => state().rotations.filter((one) => one.kid === kid);
  return {
    byId: async (id) => state().rotations.find((one) => one.id === id),
    latest: async (kid) => of(kid).at(-1),
    open: async (kid) => of(kid).find(isOpen),
    page: async ({ workspaceId, kid, open }, page) => {
      const fits = (one: Rotation) =>
        (workspaceId ?? one.workspaceId) === one.workspaceId &&
        (kid ?? one.kid) === one.kid &&
        (open !== true || isOpen(one));
      const found = state().rotations.filter(fits).toReversed();
      return pageOf(found, ({ id }) => `rotations ${id}`, page, state().identity.id);
    },
  };
}

export function rotationWriter(state: () => State): Transaction['write']['rotations'] {
  const move = (id: string, values: Pick<Rotation, 'state' | 'updatedAt'>) => {
    state().rotations = replaced(state().rotations, id, values);
  };
  return {
    insert: async (rotation) => {
      const open = state().rotations.some((one) => one.kid === rotation.kid && isOpen(one));
      refuse(open, 'a rotation of this key is open');
      state().rotations = [...state().rotations, rotation];
    },
    advance: async (id, from, to, updatedAt) => {
      if (!state().rotations.some((one) => one.id === id && one.state === from)) return false;
      move(id, { state: to, updatedAt });
      return true;
    },
    amend: async (id, terms) => {
      state().rotations = replaced(state().rotations, id, terms);
    },
    closeOf: async (kids, updatedAt) => {
      const open = state().rotations.filter((one) => isOpen(one) && kids.includes(one.kid));
      for (const { id } of open) {
        move(id, { state: 'rolled-back', updatedAt });
        state().sealed = state().sealed.filter(({ record }) => record !== id);
      }
      return open.length;
    },
  };
}

export function integrationReader(state: () => State): Readers['integrations'] {
  return {
    byId: async (id) => state().integrations.find((one) => one.id === id),
    byName: async (workspaceId, name) =>
      state().integrations.find((one) => one.workspaceId === workspaceId && one.name === name),
    all: async (workspaceId) =>
      state()
        .integrations.filter((one) => (workspaceId ?? one.workspaceId) === one.workspaceId)
        .toSorted((a, b) => (`${a.name}\0${a.id}` < `${b.name}\0${b.id}` ? -1 : 1)),
  };
}

export function integrationWriter(state: () => State): Transaction['write']['integrations'] {
  const refuseTaken = (workspaceId: string, name: string) =>
    refuse(
      state().integrations.some((one) => one.workspaceId === workspaceId && one.name === name),
      `the workspace already has an integration "${name}"`,
    );
  const set = (integrations: State['integrations']) => {
    state().integrations = integrations;
    state().generation += 1;
  };
  return {
    insert: async (added) => {
      refuseTaken(added.workspaceId, added.name);
      set([...state().integrations, added]);
    },
    update: async (id, change) => {
      const before = state().integrations.find((one) => one.id === id);
      if (before === undefined) throw new Failure('not_found', `no integration ${id}`);
      if (change.name !== undefined && change.name !== before.name)
        refuseTaken(before.workspaceId, change.name);
      set(replaced<Integration>(state().integrations, id, change));
    },
    remove: async (id) => {
      if ([...state().keys.values()].some(({ key }) => key.integrationId === id))
        throw new Error(`keys are still bound to integration ${id}`);
      if (state().apps.some(({ integrationId }) => integrationId === id))
        throw new Error(`apps are still bound to integration ${id}`);
      set(state().integrations.filter((one) => one.id !== id));
    },
  };
}
