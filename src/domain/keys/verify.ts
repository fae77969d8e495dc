import { timingSafeEqual } from 'node:crypto';
import { statusOfIntegration } from '../integrations/integration.ts';
import type { TokenHasher } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import type { Clock } from '../ports/system.ts';
import { answer, UNKNOWN, type Verification } from './answer.ts';
import { LONGEST_FOREIGN } from './foreign.ts';
import { Memory } from './held.ts';
import { type Asked, judge } from './judge.ts';
import { asOlder } from './older.ts';
import { fits, type Proven, proveForeign, proveOlder } from './prove.ts';
import { isSecretKeyShaped, parseSecretKey, type TokenParts } from './token.ts';
import type { UsageRecorder } from './usage.ts';

/** What a verifier stands on. */
export interface VerifierParts {
  readonly store: Pick<Readers, 'keys' | 'workspaces' | 'integrations' | 'slots'>;
  /** Called when the store's generation changed: a hasher for the peppers that are there now (`hasherSource`). */
  hasher(): Promise<TokenHasher>;
  readonly usage: UsageRecorder;
  readonly now: Clock;
}

const NOBODY = new Uint8Array(32);
const NO_WORKSPACE = 'ws_000000000000';

/**
 * Verifies secret keys. Reads the key afresh each time and never holds a positive answer, so a
 * revocation counts from the very next call on, whichever process made it.
 */
export class KeyVerifier {
  readonly #parts: VerifierParts;
  readonly #memory: Memory;

  constructor(parts: VerifierParts) {
    this.#parts = parts;
    this.#memory = new Memory(parts.store, parts.hasher);
  }

  /** Never throws for what a caller can send; throws `Failure` when the store cannot be read. */
  async verify(token: string, asked: Asked): Promise<Verification> {
    if (typeof token !== 'string') return UNKNOWN;
    const parts = parseSecretKey(token);
    const proven = parts === undefined ? this.#proveForeign(token) : this.#proveOwn(token, parts);
    const found = await proven;
    return found === undefined ? UNKNOWN : this.#decide(found, asked, token);
  }

  /** One statement, unless an older version of the key may verify, too. */
  async #proveOwn(token: string, parts: TokenParts): Promise<Proven | undefined> {
    const { store } = this.#parts;
    const row = await store.keys.forVerification(parts.kid);
    if (row === undefined) {
      // The same work as for a known key, so that time doesn't tell whether a kid exists.
      const { hasher } = this.#memory.latest ?? (await this.#memory.at(await store.slots.generation()));
      timingSafeEqual(hasher.hash(hasher.current, NO_WORKSPACE, token) ?? NOBODY, NOBODY);
      return undefined;
    }
    const latest = this.#memory.latest;
    const held = latest?.generation === row.generation ? latest : await this.#memory.at(row.generation);
    let proven: Proven | undefined;
    if (fits(row, row.workspaceId, held.hasher, token)) proven = { row, held };
    else if (row.olderUntil !== null) proven = await proveOlder(store.keys, this.#memory, token, row);
    // The hash covers both in the token; another one in the row was written there by somebody else.
    return proven?.row.mode === parts.mode && proven.row.brand === parts.brand ? proven : undefined;
  }

  /** What has the shape of a key of ours is one of ours, or none. */
  async #proveForeign(token: string): Promise<Proven | undefined> {
    if (token === '' || token.length > LONGEST_FOREIGN || isSecretKeyShaped(token)) return undefined;
    return proveForeign(this.#parts.store, this.#memory, token);
  }

  #decide(proven: Proven, asked: Asked, token: string): Verification {
    const { row, held, older } = proven;
    const workspace = held.workspaces.get(row.workspaceId);
    const integration = row.integrationId === null ? null : held.integrations.get(row.integrationId);
    const paused =
      workspace === undefined ||
      workspace.archivedAt !== null ||
      integration === undefined ||
      (integration !== null && statusOfIntegration(integration) !== 'configured');
    const { judged, shown } = older === undefined ? { judged: row, shown: row } : asOlder(row, older);
    const now = this.#parts.now();
    const code = judge(judged, paused, asked, now);
    if (code === 'ok') this.#parts.usage.used(row, now, held.hasher, token, proven);
    return answer(shown, workspace, integration, code);
  }
}
