import { Failure } from '../errors.ts';

/**
 * The candidate that was most likely meant, or undefined when none is near: at most a third of the
 * letters may differ, any case.
 */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - text.length) > 3) continue;
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    if (best === undefined || distance < best.distance) best = { candidate, distance };
  }
  const limit = text.length < 3 ? 0 : Math.max(1, Math.floor(text.length / 3));
  return best !== undefined && best.distance <= limit ? best.candidate : undefined;
}

/** Levenshtein distance in which two neighbours that changed places count once. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [row, above, before] = [[i], rows[i - 1] as number[], rows[i - 2]];
    for (let j = 1; j <= b.length; j++) {
      const change = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before?.[j - 2] : undefined;
      row.push(
        Math.min(
          (above[j] as number) + 1,
          (row[j - 1] as number) + 1,
          change,
          (swapped ?? Number.POSITIVE_INFINITY) + 1,
        ),
      );
    }
    rows.push(row);
  }
  return rows.at(-1)?.[b.length] as number;
}

/** A `not_found` failure that names the nearest candidate, if one is near, else says what to do (`otherwise`). */
export function notFound(
  message: string,
  text: string,
  candidates: readonly string[],
  otherwise: string,
): Failure {
  const near = nearest(text, candidates);
  // One that looks like a flag would be read as one in the place of what was typed.
  if (near === undefined || near.startsWith('-'))
    return new Failure('not_found', message, { hint: otherwise });
  return new Failure('not_found', message, {
    hint: `did you mean ${near}?`,
    retry: { replace: text, by: near },
  });
}
