import { timingSafeEqual } from 'node:crypto';
import { keyId } from '../ids.ts';
import type { TokenHasher } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import type { Clock } from '../ports/system.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import { type Asked, judge, type VerificationCode } from './judge.ts';
import type { Mode, VerificationRow } from './key.ts';
import { parseSecretKey, publicKey } from './token.ts';
import type { UsageRecorder } from './usage.ts';

/** The answer to one verification; `keys verify --json` prints the same object. */
export interface Verification {
  readonly valid: boolean;
  readonly code: VerificationCode;
  /** What to answer the API's caller: 200, 401, or 403 for a missing scope. Every 401 should look the same to them. */
  readonly http_status: 200 | 401 | 403;
  /** The rest is null unless the secret was right. */
  readonly key_id: string | null;
  readonly public_key: string | null;
  /** Slug. */
  readonly workspace: string | null;
  readonly mode: Mode | null;
  readonly scopes: readonly string[] | null;
  readonly owner: string | null;
  /** RFC 3339, UTC; null means never, too. */
  readonly expires_at: string | null;
  readonly version: number | null;
}

/** What a verifier stands on. */
export interface VerifierParts {
  readonly store: Pick<Readers, 'keys' | 'workspaces' | 'slots'>;
  /** Called when the store's generation changed: a hasher for the peppers that are there now (`hasherSource`). */
  hasher(): Promise<TokenHasher>;
  readonly usage: UsageRecorder;
  readonly now: Clock;
}

const UNKNOWN: Verification = Object.freeze({
  valid: false,
  code: 'not_found',
  http_status: 401,
  key_id: null,
  public_key: null,
  workspace: null,
  mode: null,
  scopes: null,
  owner: null,
  expires_at: null,
  version: null,
});

const NOBODY = new Uint8Array(32);
const NO_WORKSPACE = 'ws_000000000000';

/** What is held in memory between calls; good for one generation of the store only. */
interface Held {
  readonly generation: number;
  readonly workspaces: ReadonlyMap<string, Workspace>;
  readonly hasher: TokenHasher;
}

/**
 * Verifies secret keys. Reads the key afresh each time and never holds a positive answer, so a
 * revocation counts from the very next call on, whichever process made it.
 */
export class KeyVerifier {
  readonly #parts: VerifierParts;
  #held: Held | undefined;

  constructor(parts: VerifierParts) {
    this.#parts = parts;
  }

  /** Never throws for what a caller can send; throws `Failure` when the store cannot be read. */
  async verify(token: string, asked: Asked): Promise<Verification> {
    const parts = typeof token === 'string' ? parseSecretKey(token) : undefined;
    if (parts === undefined) return UNKNOWN;
    const row = await this.#parts.store.keys.forVerification(parts.kid);
    if (row === undefined) {
      // The same work as for a known key, so that time doesn't tell whether a kid exists.
      const { hasher } = this.#held ?? (await this.#refresh(await this.#parts.store.slots.generation()));
      timingSafeEqual(hasher.hash(hasher.current, NO_WORKSPACE, token) ?? NOBODY, NOBODY);
      return UNKNOWN;
    }
    const held = this.#held?.generation === row.generation ? this.#held : await this.#refresh(row.generation);
    const hash = held.hasher.hash(row.pepper, row.workspaceId, token);
    if (hash === undefined || hash.length !== row.hash.length || !timingSafeEqual(hash, row.hash))
      return UNKNOWN;
    // The hash covers both in the token; another one in the row was written there by somebody else.
    if (row.mode !== parts.mode || row.brand !== parts.brand) return UNKNOWN;
    const workspace = held.workspaces.get(row.workspaceId);
    const now = this.#parts.now();
    const code = judge(row, workspace === undefined || workspace.archivedAt !== null, asked, now);
    if (code === 'ok') this.#parts.usage.used(row, now, held.hasher, token);
    return answer(row, workspace, code);
  }

  async #refresh(generation: number): Promise<Held> {
    const [all, hasher] = [await this.#parts.store.workspaces.all(), await this.#parts.hasher()];
    this.#held = {
      generation,
      hasher,
      workspaces: new Map(all.map((workspace) => [workspace.id, workspace])),
    };
    return this.#held;
  }
}

function answer(
  row: VerificationRow,
  workspace: Workspace | undefined,
  code: VerificationCode,
): Verification {
  const mode = row.mode as Mode;
  return {
    valid: code === 'ok',
    code,
    http_status: code === 'ok' ? 200 : code === 'scope' ? 403 : 401,
    key_id: keyId(row.kid),
    public_key: publicKey({ brand: row.brand, mode, kid: row.kid }),
    workspace: workspace?.slug ?? null,
    mode,
    scopes: row.scopes === '' ? [] : row.scopes.split(' '),
    owner: row.owner,
    expires_at: row.expiresAt === null ? null : rfc3339(row.expiresAt),
    version: row.version,
  };
}

function rfc3339(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : `${date.toISOString().slice(0, 19)}Z`;
}
