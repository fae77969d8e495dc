import type { AuditEntry, AuditFilter } from '../../src/domain/audit/entry.ts';
import type { SealedRecord } from '../../src/domain/ports/secrets.ts';
import type { Readers, Store, StoreSeed, Transaction } from '../../src/domain/ports/store.ts';
import type { RunningVerifier } from '../../src/domain/ports/usage.ts';
import { DEFAULT_POLICY } from '../../src/domain/workspaces/policy.ts';
import type { Member } from '../../src/domain/workspaces/workspace.ts';
import { Failure } from '../../src/errors.ts';
import { appReader, appWriter, grantReader, grantWriter } from './memory-apps.ts';
import { keyReader, keyWriter } from './memory-keys.ts';
import { locksByName } from './memory-locks.ts';
import { integrationReader, integrationWriter, rotationReader, rotationWriter } from './memory-rotations.ts';
import { draftOf, pageOf, refuse, replaced, type State, stateOf } from './memory-state.ts';
import { recordUsage } from './memory-usage.ts';

/** A store in memory that keeps the contract of `test/contracts/store.ts`; for tests of what uses a store. */
export function memoryStore(seed: StoreSeed): Store {
  let state = stateOf(seed);
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;
  const running = new Map<string, RunningVerifier>();
  const exclusively = locksByName();
  const open = (): State => {
    if (closed) throw new Failure('store_unreadable', 'the store is closed');
    return state;
  };
  const transact = async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
    const draft = draftOf(open());
    let ended = false;
    const own = () => {
      if (ended) throw new Error('this transaction has ended');
      return draft;
    };
    try {
      const value = await work({ ...readers(own), write: writers(own) });
      state = draft;
      return value;
    } finally {
      ended = true;
    }
  };
  return {
    ...readers(open),
    get identity() {
      return state.identity;
    },
    write(work) {
      const turn = queue.then(() => transact(work));
      queue = turn.catch(() => undefined);
      return turn;
    },
    async readTogether(work) {
      const now = draftOf(open());
      return work(readers(() => now));
    },
    async exclusively(name, work, options) {
      open();
      return exclusively(name, work, options);
    },
    async recordUsage(batch) {
      if (closed) return false;
      const draft = draftOf(state);
      recordUsage(draft, batch);
      state = draft;
      const { reporter } = batch;
      if (reporter?.closing) running.delete(reporter.id);
      else if (reporter)
        running.set(reporter.id, { id: reporter.id, pid: process.pid, reportedAt: reporter.at });
      return true;
    },
    async verifiers() {
      open();
      return [...running.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    async close() {
      await queue;
      closed = true;
    },
  };
}

function readers(state: () => State): Readers {
  const found = <T>(items: readonly T[], test: (item: T) => boolean) => items.find(test);
  return {
    keys: keyReader(state),
    rotations: rotationReader(state),
    integrations: integrationReader(state),
    apps: appReader(state),
    grants: grantReader(state),
    workspaces: {
      bySlug: async (slug) => found(state().workspaces, (workspace) => workspace.slug === slug),
      byId: async (id) => found(state().workspaces, (workspace) => workspace.id === id),
      all: async () => state().workspaces.toSorted((a, b) => (a.slug < b.slug ? -1 : 1)),
      members: async (id) =>
        state()
          .members.filter((member) => member.workspaceId === id)
          .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      membershipsOf: async (name) =>
        state()
          .members.filter((member) => member.name === name)
          .toSorted((a, b) => (a.workspaceId < b.workspaceId ? -1 : 1)),
      policy: async (id) => state().policies.get(id) ?? DEFAULT_POLICY,
      catalogue: async (id) =>
        state()
          .catalogue.filter((entry) => entry.workspaceId === id)
          .toSorted((a, b) => (a.scope < b.scope ? -1 : 1)),
    },
    audit: {
      head: async () => state().audit.at(-1),
      bySeq: async (seq) => found(state().audit, (entry) => entry.seq === seq),
      from: async (seq, limit) =>
        state()
          .audit.filter((entry) => entry.seq >= seq)
          .slice(0, limit),
      page: async (filter, page) => {
        const fitting = state()
          .audit.filter((entry) => fitsAudit(entry, filter))
          .toReversed();
        return pageOf(fitting, (entry) => `audit ${entry.seq}`, page, state().identity.id);
      },
    },
    slots: {
      all: async () => state().slots.toSorted((a, b) => a.createdAt - b.createdAt),
      primary: async () => state().identity.primarySlot,
      peppers: async () => state().peppers,
      sealed: async (record, field) => {
        const versions = state().sealed.filter((item) => item.record === record && item.field === field);
        return versions.toSorted((a, b) => b.version - a.version)[0];
      },
      allSealed: async () => state().sealed.toSorted((a, b) => a.version - b.version),
      generation: async () => state().generation,
    },
  };
}

function fitsAudit(entry: AuditEntry, { target, actor, action, since, workspaceId }: AuditFilter): boolean {
  return (
    (target ?? entry.target) === entry.target &&
    (actor ?? entry.actor) === entry.actor &&
    (action === undefined || entry.action === action || entry.action.startsWith(`${action}.`)) &&
    (since === undefined || entry.at >= since) &&
    (workspaceId === undefined || entry.workspaceId === workspaceId)
  );
}

function writers(state: () => State): Transaction['write'] {
  const set = <K extends keyof State>(name: K, value: State[K], generation = true) => {
    state()[name] = value;
    if (generation) state().generation += 1;
  };
  return {
    keys: keyWriter(state),
    rotations: rotationWriter(state),
    integrations: integrationWriter(state),
    apps: appWriter(state),
    grants: grantWriter(state),
    workspaces: {
      insert: async (added) => {
        refuse(
          state().workspaces.some(({ slug }) => slug === added.slug),
          `a workspace "${added.slug}" already exists`,
        );
        set('workspaces', [...state().workspaces, added]);
      },
      rename: async (id, name) => set('workspaces', replaced(state().workspaces, id, { name })),
      setArchived: async (id, archivedAt) =>
        set('workspaces', replaced(state().workspaces, id, { archivedAt })),
      addMember: async (added) => {
        const there = state().members.some((one) => isMember(one, added.workspaceId, added.name));
        refuse(there, `"${added.name}" is a member already`);
        set('members', [...state().members, added]);
      },
      setRole: async (workspaceId, name, role) => {
        const changed = (one: Member) => (isMember(one, workspaceId, name) ? { ...one, role } : one);
        set('members', state().members.map(changed), false);
      },
      removeMember: async (workspaceId, name) => {
        const left = state().members.filter((one) => !isMember(one, workspaceId, name));
        set('members', left, false);
      },
      setPolicy: async (workspaceId, policy) => void state().policies.set(workspaceId, policy),
      addScope: async (added) => {
        const there = state().catalogue.some(
          (one) => one.workspaceId === added.workspaceId && one.scope === added.scope,
        );
        refuse(there, `${added.scope} is in the catalogue already`);
        set('catalogue', [...state().catalogue, added], false);
      },
      removeScope: async (workspaceId, scope) => {
        const left = state().catalogue.filter(
          (one) => one.workspaceId !== workspaceId || one.scope !== scope,
        );
        const removed = left.length < state().catalogue.length;
        set('catalogue', left, false);
        return removed;
      },
    },
    slots: {
      insert: async (slot) => {
        refuse(
          state().slots.some(({ name }) => name === slot.name),
          `a slot "${slot.name}" already exists`,
        );
        set('slots', [...state().slots, slot]);
      },
      replace: async ({ id, header, wrapped }) =>
        set('slots', replaced(state().slots, id, { header, wrapped })),
      remove: async (id) =>
        set(
          'slots',
          state().slots.filter((slot) => slot.id !== id),
        ),
      setPrimary: async (id) => set('identity', { ...state().identity, primarySlot: id }),
      putPepper: async (pepper) => {
        const others = state().peppers.filter(({ number }) => number !== pepper.number);
        set(
          'peppers',
          [...others, pepper].sort((a, b) => a.number - b.number),
        );
      },
      putSealed: async (added) => {
        const same = (one: SealedRecord) =>
          one.record === added.record && one.field === added.field && one.version === added.version;
        set('sealed', [...state().sealed.filter((one) => !same(one)), added], false);
      },
      removeSealed: async (record, field) => {
        const left = state().sealed.filter((one) => one.record !== record || one.field !== field);
        set('sealed', left, false);
      },
    },
    audit: async (entries) => {
      for (const entry of entries) {
        if (state().audit.some(({ seq }) => seq === entry.seq))
          throw new Error(`audit entry ${entry.seq} exists`);
        set('audit', [...state().audit, entry], false);
      }
    },
    reseal: async (seals) => {
      const bySeq = new Map(seals.map(({ seq, seal }) => [seq, seal]));
      const resealed = state().audit.map((entry) => ({ ...entry, seal: bySeq.get(entry.seq) ?? entry.seal }));
      set('audit', resealed, false);
    },
  };
}

function isMember(member: Member, workspaceId: string, name: string): boolean {
  return member.workspaceId === workspaceId && member.name === name;
}
