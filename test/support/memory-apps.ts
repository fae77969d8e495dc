import type { App, Grant } from '../../src/domain/apps/app.ts';
import type { AppReader, AppWriter, GrantReader, GrantWriter } from '../../src/domain/ports/apps.ts';
import { Failure } from '../../src/errors.ts';
import { refuse, replaced, type State } from './memory-state.ts';

export function appReader(state: () => State): AppReader {
  const live = () => state().apps.filter(({ removedAt }) => removedAt === null);
  return {
    byId: async (id) => state().apps.find((one) => one.id === id),
    byName: async (workspaceId, name) =>
      live().find((one) => one.workspaceId === workspaceId && one.name === name),
    all: async (workspaceId) =>
      live()
        .filter((one) => (workspaceId ?? one.workspaceId) === one.workspaceId)
        .toSorted(by(({ name, id }) => [name, id])),
  };
}

export function appWriter(state: () => State): AppWriter {
  const refuseTaken = (workspaceId: string, name: string) =>
    refuse(
      state().apps.some(
        (one) => one.workspaceId === workspaceId && one.name === name && one.removedAt === null,
      ),
      `the workspace already has an app "${name}"`,
    );
  return {
    insert: async (added) => {
      refuseTaken(added.workspaceId, added.name);
      state().apps = [...state().apps, added];
    },
    update: async (id, change) => {
      const before = found(state().apps, id, 'app');
      if (change.name !== undefined && change.name !== before.name)
        refuseTaken(before.workspaceId, change.name);
      state().apps = replaced<App>(state().apps, id, change);
    },
    remove: async (id) => {
      const gone = [
        id,
        ...state()
          .grants.filter(({ appId }) => appId === id)
          .map((one) => one.id),
      ];
      state().sealed = state().sealed.filter(({ record }) => !gone.includes(record));
      state().intents = state().intents.filter(({ grantId }) => !gone.includes(grantId));
      state().grants = state().grants.filter(({ appId }) => appId !== id);
      state().apps = state().apps.filter((one) => one.id !== id);
    },
  };
}

export function grantReader(state: () => State): GrantReader {
  const appOf = ({ appId }: Grant) => found(state().apps, appId, 'app');
  const named = () => state().grants.toSorted(by((one) => [appOf(one).name, one.appId, one.account]));
  return {
    byId: async (id) => state().grants.find((one) => one.id === id),
    byAccount: async (appId, account) =>
      state().grants.find((one) => one.appId === appId && one.account === account),
    ofApp: async (appId) =>
      state()
        .grants.filter((one) => one.appId === appId)
        .toSorted(by(({ account }) => [account])),
    all: async (workspaceId) =>
      named().filter(
        (one) => (workspaceId ?? one.workspaceId) === one.workspaceId && appOf(one).removedAt === null,
      ),
    authorizedBy: async (workspaceId, member) =>
      named().filter(
        (one) => one.workspaceId === workspaceId && one.authorizedBy === member && one.revokedAt === null,
      ),
    revocationsPending: async () =>
      state()
        .grants.filter(({ revocationPending }) => revocationPending)
        .toSorted((a, b) => (a.revokedAt ?? 0) - (b.revokedAt ?? 0) || (a.id < b.id ? -1 : 1)),
    count: async (workspaceId) =>
      state().grants.filter((one) => one.workspaceId === workspaceId && one.revokedAt === null).length,
    intent: async (id) => state().intents.find(({ grantId }) => grantId === id),
    intents: async () =>
      state().intents.toSorted((a, b) => a.sentAt - b.sentAt || (a.grantId < b.grantId ? -1 : 1)),
  };
}

export function grantWriter(state: () => State): GrantWriter {
  const refuseTaken = (appId: string, account: string) =>
    refuse(
      state().grants.some((one) => one.appId === appId && one.account === account),
      `the app already has a grant of ${account}`,
    );
  return {
    insert: async (added) => {
      found(state().apps, added.appId, 'app');
      refuseTaken(added.appId, added.account);
      state().grants = [...state().grants, added];
    },
    update: async (id, change) => {
      const before = found(state().grants, id, 'grant');
      if (change.account !== undefined && change.account !== before.account)
        refuseTaken(before.appId, change.account);
      state().grants = replaced<Grant>(state().grants, id, change);
    },
    storeTokens: async (id, fromVersion, change) => {
      const before = state().grants.find((one) => one.id === id);
      if (before?.tokenVersion !== fromVersion || before.revokedAt !== null) return false;
      const { granted, tokenExpiresAt, refreshable, refreshedAt } = change;
      const values = { granted, tokenExpiresAt, refreshable, refreshedAt, tokenVersion: fromVersion + 1 };
      state().grants = replaced<Grant>(state().grants, id, values);
      return true;
    },
    putIntent: async (added) => {
      found(state().grants, added.grantId, 'grant');
      const others = state().intents.filter(({ grantId }) => grantId !== added.grantId);
      state().intents = [...others, added];
    },
    removeIntent: async (id) => {
      state().intents = state().intents.filter(({ grantId }) => grantId !== id);
    },
  };
}

function found<T extends { readonly id: string }>(items: readonly T[], id: string, what: string): T {
  const item = items.find((one) => one.id === id);
  if (item === undefined) throw new Failure('not_found', `no ${what} ${id}`);
  return item;
}

/** Orders by texts, the first that differs. */
function by<T>(texts: (item: T) => readonly string[]): (a: T, b: T) => number {
  return (a, b) => {
    const [one, other] = [texts(a).join('\0'), texts(b).join('\0')];
    return one === other ? 0 : one < other ? -1 : 1;
  };
}
