import type { AuditEntry, Facts } from '../audit/entry.ts';
import { keyId } from '../ids.ts';
import { stateOf } from '../keys/facts.ts';
import type { ApiKey } from '../keys/key.ts';
import { LATE_USE } from '../keys/late-use.ts';

/** A key whose row is not what the log says of it. */
export interface Difference {
  readonly target: string;
  readonly reason: string;
}

/** What the log says of a key. Of owner and purpose only those entries tell that change them, so they may be unknown. */
interface Logged {
  readonly name: Fact | undefined;
  readonly owner: Fact | undefined;
  readonly purpose: Fact | undefined;
  /** `stateOf`, in JSON. */
  readonly state: string;
}

type Fact = Facts[string];

const DESCRIBING = ['name', 'owner', 'purpose'] as const;

/**
 * Compares every key with the newest audit entry about it. Feed it all entries in order, then all
 * keys; what remains are keys that the log knows and the store doesn't have.
 */
export class KeyComparison {
  readonly #states = new Map<string, Logged>();

  /** Takes note of an entry. */
  entry(entry: AuditEntry): void {
    // A late use is noted without anybody's doing, so it vouches for no state.
    if (!/^(key|rotation)\./.test(entry.action) || entry.action === LATE_USE) return;
    const { mode, brand, version, scopes, networks, expires_at, disabled, revoked } = entry.facts;
    // Entries from before there were integrations and older versions have neither.
    const { integration_id = null, older_until = null } = entry.facts;
    const state = { mode, brand, version, scopes, networks, expires_at, disabled, revoked };
    const before = this.#states.get(entry.target);
    const { name = before?.name, owner = before?.owner, purpose = before?.purpose } = entry.facts;
    const text = JSON.stringify({ ...state, integration_id, older_until });
    this.#states.set(entry.target, { name, owner, purpose, state: text });
  }

  /** The difference between a key and its newest entry, if there is one. */
  key(key: ApiKey): Difference | undefined {
    const target = keyId(key.kid);
    const logged = this.#states.get(target);
    this.#states.delete(target);
    if (logged === undefined) return { target, reason: 'no audit entry tells of it' };
    const now = JSON.stringify(stateOf(key));
    if (logged.state !== now) return { target, reason: `the log says ${logged.state}, the store ${now}` };
    const part = DESCRIBING.find((one) => logged[one] !== undefined && logged[one] !== key[one]);
    if (part === undefined) return undefined;
    const [then, is] = [JSON.stringify(logged[part]), JSON.stringify(key[part])];
    return { target, reason: `the log says ${part} ${then}, the store ${is}` };
  }

  /** Keys that the log tells of and that the store did not have. */
  missing(): readonly Difference[] {
    return [...this.#states.keys()].map((target) => ({
      target,
      reason: 'the log tells of it, and the store does not have it',
    }));
  }
}
