import type { Page } from '../keys/key.ts';
import type { Rotation, RotationFilter, RotationState } from '../rotations/rotation.ts';
import type { PageRequest } from './store.ts';

export interface RotationReader {
  byId(id: string): Promise<Rotation | undefined>;
  /** The newest rotation of a key. */
  latest(kid: string): Promise<Rotation | undefined>;
  /** The rotation of a key whose delivery is open; there is at most one. */
  open(kid: string): Promise<Rotation | undefined>;
  /** One page, newest first. */
  page(filter: RotationFilter, page: PageRequest): Promise<Page<Rotation>>;
}

export interface RotationWriter {
  /** Throws `exists` when one of the key is open. */
  insert(rotation: Rotation): Promise<void>;
  /** Moves on from `from`; false when it is in another state by now. */
  advance(id: string, from: RotationState, to: RotationState, at: number): Promise<boolean>;
  /** Changes how it is to be finished. */
  amend(id: string, terms: Pick<Rotation, 'check' | 'graceMs'>): Promise<void>;
  /** Rolls back the open ones of these keys and erases their sealed secrets; gives back how many. */
  closeOf(kids: readonly string[], at: number): Promise<number>;
}
