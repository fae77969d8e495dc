import type { App, Grant } from '../../src/domain/apps/app.ts';
import { ACCESS_TOKEN, REFRESH_TOKEN } from '../../src/domain/apps/facts.ts';
import { sealTokens } from '../../src/domain/apps/held-tokens.ts';
import { registerApp } from '../../src/domain/apps/register.ts';
import type { ProviderScope } from '../../src/domain/apps/scopes.ts';
import { byHand } from '../../src/domain/apps/source.ts';
import type { OperatorAccess, SealedRecord } from '../../src/domain/ports/secrets.ts';
import { Secret } from '../../src/domain/secret.ts';
import { someGrant } from '../contracts/samples.ts';
import { openTeam, type Team } from './team.ts';

/** Seals so that a test can read what was sealed. */
export const openSeals: Pick<OperatorAccess, 'seal' | 'open'> = {
  seal: (plaintext, at) => ({ ...at, sealed: Buffer.from(`sealed ${plaintext.reveal()}`) }),
  open: ({ sealed }) =>
    new Secret(
      Buffer.from(sealed)
        .toString()
        .replace(/^sealed /, ''),
    ),
};

/** Scopes as a command would have read them. */
export const scopes = (...texts: readonly string[]) => texts as readonly ProviderScope[];

export const BY_HAND = byHand({
  token: 'https://as.test/token',
  authorization: 'https://as.test/authorize',
  revocation: 'https://as.test/revoke',
});

/** A team with apps. */
export interface AppDesk extends Team {
  /** Registers an app with the secret `s3cret`, as `by` (ana). */
  app(change?: Partial<Parameters<typeof registerApp>[3]>, by?: string): Promise<App>;
  /** Stores a grant with an access and a refresh token. */
  grant(app: App, change?: Partial<Grant>): Promise<Grant>;
  grantNow(grant: Grant): Promise<Grant | undefined>;
  sealedOf(record: string): Promise<readonly SealedRecord[]>;
  /** Entries from `before` on. */
  entriesSince(before: number): Promise<readonly string[]>;
}

export async function openAppDesk(): Promise<AppDesk> {
  const team = await openTeam();
  const { store } = team;
  return {
    ...team,
    app(change = {}, by = 'ana') {
      const wish: Parameters<typeof registerApp>[3] = {
        ...{ name: 'github', source: BY_HAND, clientId: 'id', secret: new Secret('s3cret') },
        ...{ registration: 'by-hand', allowlist: null, redirectPort: null, ...change },
      };
      const means = { access: openSeals, random: team.means.random };
      return registerApp(team.as(by), means, team.workspace, wish);
    },
    async grant(app, change = {}) {
      const grant = someGrant(app, change);
      await store.write(async (tx) => {
        await tx.write.grants.insert(grant);
        const [accessToken, refreshToken] = [ACCESS_TOKEN, REFRESH_TOKEN].map(
          (field) => new Secret(`${field} of ${grant.account}`),
        ) as [Secret, Secret];
        const at = { app, id: grant.id, version: grant.tokenVersion };
        await sealTokens(tx, openSeals, at, { accessToken, refreshToken });
      });
      return grant;
    },
    grantNow: ({ id }) => store.grants.byId(id),
    sealedOf: async (record) => (await store.slots.allSealed()).filter((one) => one.record === record),
    entriesSince: async (before) =>
      (await team.log()).slice(before).map(({ action, target }) => `${action} ${target.split('_')[0]}`),
  };
}
