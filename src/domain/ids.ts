import { base62, numberOf } from './keys/base62.ts';
import type { Random } from './ports/system.ts';

const KID_WIDTH = 12;
const KID_LIMIT = 62n ** 12n;

/**
 * 12 base62 characters drawn evenly from all 62¹² (71 bits): nine random bytes, drawn again in the
 * one case of three in which they lie above the range.
 */
export function newKid(random: Random): string {
  for (;;) {
    const value = numberOf(random(9));
    if (value < KID_LIMIT) return base62(value, KID_WIDTH);
  }
}

/** `ws_…`, `int_…`, `rot_…`, `app_…`, `grant_…`, `slot_…` or `store_…`. */
export function newId(
  prefix: 'ws' | 'int' | 'rot' | 'app' | 'grant' | 'slot' | 'store',
  random: Random,
): string {
  return `${prefix}_${newKid(random)}`;
}

/** The id of a key, from its kid. */
export function keyId(kid: string): string {
  return `key_${kid}`;
}

/** The kid in `key_<kid>`, undefined when the text is not such an id. */
export function kidOfId(text: string): string | undefined {
  return /^key_([0-9A-Za-z]{12})$/.exec(text)?.[1];
}

/** Is the text shaped like one of our ids, so that it may not be a name? */
export function looksLikeId(text: string): boolean {
  return /^(key|ws|int|rot|slot|store|grant|app)_[0-9A-Za-z]{12}$/.test(text);
}
