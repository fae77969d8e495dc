import type { ApiKey, KeyFilter, KeyVersion } from '../keys/key.ts';
import type { Readers } from '../ports/store.ts';
import { endOfOlder } from './overlap.ts';
import type { Rotation } from './rotation.ts';

const PAGE = 1000;

/** The open deliveries of a store or of one workspace, by kid. There are few, if any. */
export async function openDeliveries(
  store: Readers,
  workspaceId?: string,
): Promise<ReadonlyMap<string, Rotation>> {
  const open = new Map<string, Rotation>();
  const filter = { open: true, ...(workspaceId === undefined ? {} : { workspaceId }) };
  let after: string | undefined;
  do {
    const page = await store.rotations.page(filter, { limit: PAGE, after });
    for (const rotation of page.items) open.set(rotation.kid, rotation);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return open;
}

/** A key whose new version isn't delivered yet, while the old one, which is in use, has an end. */
export interface EndingDelivery {
  readonly key: ApiKey;
  readonly rotation: Rotation;
  readonly old: KeyVersion;
  /** First moment (ms) at which the old version no longer verifies. */
  readonly until: number;
}

/**
 * Open deliveries whose old version ends at or before `filter.expiringBefore`, or has ended already; of keys that
 * fit the rest of the filter, soonest first. That the new version lives longer helps nobody who doesn't have it.
 */
export async function endingDeliveries(
  store: Readers,
  { expiringBefore, ...filter }: KeyFilter,
  now: number,
): Promise<readonly EndingDelivery[]> {
  if (expiringBefore === undefined) return [];
  const found: EndingDelivery[] = [];
  for (const [kid, rotation] of await openDeliveries(store, filter.workspaceId)) {
    const key = await store.keys.byKid(kid);
    const old = (await store.keys.versions(kid)).find(({ version }) => version === rotation.fromVersion);
    if (key === undefined || key.revokedAt !== null || old === undefined) continue;
    const until = endOfOlder(old, key.olderUntil);
    if (until === null || until > expiringBefore) continue;
    if ((await store.keys.count({ ...filter, kid }, now)) > 0) found.push({ key, rotation, old, until });
  }
  return found.sort((a, b) => a.until - b.until || (a.key.kid < b.key.kid ? -1 : 1));
}
