import type { ApiKey } from '../keys/key.ts';
import { inNetworks } from '../keys/networks.ts';
import { coversAll } from '../keys/scopes.ts';
import type { Readers } from '../ports/store.ts';
import type { Fate } from './fate.ts';
import { differing, type GoesBack } from './goes-back.ts';

/** Slugs of workspaces and names of integrations, by id. */
export interface Names {
  readonly workspaces: ReadonlyMap<string, string>;
  readonly integrations: ReadonlyMap<string, string>;
}

/** As they are now, and of what is only in the backup. */
export async function namesIn(store: Readers, backup: Readers): Promise<Names> {
  const workspaces = [...(await backup.workspaces.all()), ...(await store.workspaces.all())];
  const integrations = [...(await backup.integrations.all()), ...(await store.integrations.all())];
  return {
    workspaces: new Map(workspaces.map(({ id, slug }) => [id, slug])),
    integrations: new Map(integrations.map(({ id, name }) => [id, name])),
  };
}

/** What of a key goes back. What its fate keeps does not, and what is told with it is not told twice. */
export function keyGoesBack(now: ApiKey, then: ApiKey, fate: Fate, names: Names): readonly GoesBack[] {
  const workspace = names.workspaces.get(now.workspaceId) ?? '';
  const subject = { of: 'key', workspace, id: now.kid, name: now.name } as const;
  const integration = ({ integrationId }: ApiKey): string | null =>
    integrationId === null ? null : (names.integrations.get(integrationId) ?? integrationId);
  const later = now.expiresAt !== null && (then.expiresAt === null || then.expiresAt > now.expiresAt);
  return [
    ...differing(subject, [
      ['name', now.name, then.name, false],
      ['purpose', now.purpose, then.purpose, false],
      ['owner', now.owner, then.owner, false],
      ['scopes', now.scopes, then.scopes, !coversAll(now.scopes, then.scopes)],
      ['networks', now.networks, then.networks, !within(then.networks, now.networks)],
      ['integration', integration(now), integration(then), then.integrationId === null],
      // The other way round, disabled or revoked since, it stays so.
      ['disabled', false, now.disabledAt === null && then.disabledAt !== null, false],
      ['revoked', false, now.revokedAt === null && then.revokedAt !== null, false],
    ]),
    ...(fate.disable === 'rotated' || fate.expiresAt !== undefined
      ? []
      : differing(subject, [
          ['version', now.version, then.version, false],
          ['expires_at', now.expiresAt, then.expiresAt, later],
        ])),
  ];
}

/** Does each address of the first blocks lie in the others, too? No block at all is every address. */
function within(blocks: readonly string[], others: readonly string[]): boolean {
  if (others.length === 0) return true;
  return blocks.length > 0 && blocks.every((block) => others.some((other) => inBlock(block, other)));
}

/** As they are stored, with a prefix. What can't be read lies in nothing. */
function inBlock(block: string, other: string): boolean {
  const [address = '', bits = ''] = block.split('/');
  return inNetworks(address, [other]) && Number(bits) >= Number(other.split('/')[1]);
}
