import type { Integration } from '../integrations/integration.ts';
import type { TokenHasher } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import type { ForeignDigest } from './key.ts';

/** What a verifier holds in memory between calls; good for one generation of the store only. */
export interface Held {
  readonly generation: number;
  readonly workspaces: ReadonlyMap<string, Workspace>;
  readonly integrations: ReadonlyMap<string, Integration>;
  readonly hasher: TokenHasher;
}

type ForeignKinds = readonly Pick<ForeignDigest, 'kind' | 'key'>[];

/** Reads what is held again when the store's generation is another one. */
export class Memory {
  readonly #store: Pick<Readers, 'keys' | 'workspaces' | 'integrations'>;
  readonly #hasher: () => Promise<TokenHasher>;
  #held: Held | undefined;
  /** Apart from the rest, so that what is no key at all unlocks nothing. */
  #foreign: { readonly generation: number; readonly kinds: ForeignKinds } | undefined;

  constructor(
    store: Pick<Readers, 'keys' | 'workspaces' | 'integrations'>,
    hasher: () => Promise<TokenHasher>,
  ) {
    this.#store = store;
    this.#hasher = hasher;
  }

  /** What is held, whatever generation it is of. */
  get latest(): Held | undefined {
    return this.#held;
  }

  async at(generation: number): Promise<Held> {
    if (this.#held?.generation === generation) return this.#held;
    const [workspaces, integrations, hasher] = [
      await this.#store.workspaces.all(),
      await this.#store.integrations.all(),
      await this.#hasher(),
    ];
    this.#held = {
      generation,
      hasher,
      workspaces: new Map(workspaces.map((workspace) => [workspace.id, workspace])),
      integrations: new Map(integrations.map((integration) => [integration.id, integration])),
    };
    return this.#held;
  }

  async foreignKinds(generation: number): Promise<ForeignKinds> {
    if (this.#foreign?.generation !== generation)
      this.#foreign = { generation, kinds: await this.#store.keys.foreignKinds() };
    return this.#foreign.kinds;
  }
}
