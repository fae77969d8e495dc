import { setImmediate } from 'node:timers/promises';
import { errors } from 'oidc-provider';

type Payload = Record<string, unknown> & {
  readonly grantId?: string;
  readonly uid?: string;
  readonly userCode?: string;
  consumed?: number;
};

/** What `oidc-provider` asks of a store, by its documentation. */
export interface Adapter {
  upsert(id: string, payload: Payload): Promise<void>;
  find(id: string): Promise<Payload | undefined>;
  findByUid(uid: string): Promise<Payload | undefined>;
  findByUserCode(userCode: string): Promise<Payload | undefined>;
  consume(id: string): Promise<void>;
  destroy(id: string): Promise<void>;
  revokeByGrantId(grantId: string): Promise<void>;
}

/** How a code or refresh token is used up: `lenient` is the mistake that lets several requests use the same one. */
export type Consumption = 'compare-and-set' | 'lenient';

/**
 * A store as a database is one: every call takes a turn of the event loop, so that requests overlap. Its `consume`
 * compares and sets, so that of several requests with one code or refresh token only one gets tokens.
 */
export function adapters(consumption: Consumption): (model: string) => Adapter {
  const rows = new Map<string, Payload>();
  return (model) => {
    const key = (id: string): string => `${model}:${id}`;
    const findWhere = async (matches: (payload: Payload) => boolean): Promise<Payload | undefined> => {
      await setImmediate();
      for (const [name, payload] of rows)
        if (name.startsWith(`${model}:`) && matches(payload)) return { ...payload };
      return undefined;
    };
    return {
      upsert: async (id, payload) => {
        await setImmediate();
        rows.set(key(id), { ...payload });
      },
      find: async (id) => {
        await setImmediate();
        const found = rows.get(key(id));
        return found === undefined ? undefined : { ...found };
      },
      findByUid: (uid) => findWhere((payload) => payload.uid === uid),
      findByUserCode: (userCode) => findWhere((payload) => payload.userCode === userCode),
      consume: async (id) => {
        await setImmediate();
        const found = rows.get(key(id));
        if (found === undefined || (found.consumed !== undefined && consumption === 'compare-and-set')) {
          throw new errors.InvalidGrant('used already');
        }
        found.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => {
        await setImmediate();
        rows.delete(key(id));
      },
      revokeByGrantId: async (grantId) => {
        await setImmediate();
        for (const [name, payload] of rows) if (payload.grantId === grantId) rows.delete(name);
      },
    };
  };
}
