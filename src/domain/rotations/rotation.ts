/**
 * `issued`: both versions verify and the new secret is sealed in the journal. `delivered`: it was put where
 * it is used. `checked`: it was seen to work there. `finished`: the old version has its cut-off.
 */
export type RotationState = 'issued' | 'delivered' | 'checked' | 'finished' | 'rolled-back';

/** The journalled change from one version of a key to the next. Times are milliseconds since 1970, UTC. */
export interface Rotation {
  /** `rot_` and 12 base62 characters; the sealed secret of an open delivery is recorded under it. */
  readonly id: string;
  readonly kid: string;
  readonly workspaceId: string;
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly state: RotationState;
  /** Was it started with a delivery? A plain one is `finished` from the start. */
  readonly delivery: boolean;
  /** Was it started with a check, so that it isn't to be finished without one? */
  readonly check: boolean;
  /** How long the old version lives on after `finished`, ms; 0: not at all. */
  readonly graceMs: number;
  readonly startedAt: number;
  readonly startedBy: string;
  readonly updatedAt: number;
}

/** States in which a delivery is open. */
export const OPEN_STATES = ['issued', 'delivered', 'checked'] as const satisfies readonly RotationState[];

/** Is the delivery open: is the old version still without a cut-off? */
export function isOpen({ state }: Pick<Rotation, 'state'>): boolean {
  return (OPEN_STATES as readonly RotationState[]).includes(state);
}

/** Filters of `rotations list`. All that are given must hold. */
export interface RotationFilter {
  readonly workspaceId?: string;
  readonly kid?: string;
  /** Only those whose delivery is open. */
  readonly open?: boolean;
}
