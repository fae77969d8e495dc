import { type KeyVersion, NO_CUT_OFF, type VerificationRow } from './key.ts';

type Ends = Pick<KeyVersion, 'cutOff' | 'expiresAt' | 'endedAt'>;

/**
 * When a superseded version stops verifying (ms): the earliest of its cut-off, its expiry and the key's
 * `olderUntil`; null for never. 0 for one that was ended outright, which holds whatever the clock says, and where
 * the key knows of none that still verifies.
 */
export function endOfOlder(version: Ends, olderUntil: number | null): number | null {
  if (version.endedAt !== null || olderUntil === null || olderUntil === 0) return 0;
  return earliest([version.cutOff, version.expiresAt, olderUntil === NO_CUT_OFF ? null : olderUntil]);
}

/** The key's row as it stands for a superseded version: to be judged, and to be shown, with the date of what was ended. */
export function asOlder(
  row: VerificationRow,
  older: Ends & Pick<KeyVersion, 'version'>,
): { readonly judged: VerificationRow; readonly shown: VerificationRow } {
  const end = endOfOlder(older, row.olderUntil);
  const judged = { ...row, version: older.version, expiresAt: end };
  if (end !== 0) return { judged, shown: judged };
  const expiresAt = earliest([older.cutOff, older.expiresAt, older.endedAt]);
  return { judged, shown: { ...judged, expiresAt } };
}

/** Whatever can't be read makes it NaN, which is no date and denies. */
function earliest(ends: readonly (number | null)[]): number | null {
  const given = ends.filter((end) => end !== null);
  return given.length === 0 ? null : Math.min(...given);
}
