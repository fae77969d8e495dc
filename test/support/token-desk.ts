import type { App, Grant } from '../../src/domain/apps/app.ts';
import { type Consent, recordGrant } from '../../src/domain/apps/authorize.ts';
import type { Renewing } from '../../src/domain/apps/refresh.ts';
import { registerApp } from '../../src/domain/apps/register.ts';
import { byHand } from '../../src/domain/apps/source.ts';
import { type TokenKeeper, tokenKeeper } from '../../src/domain/apps/tokens.ts';
import type { Ledger } from '../../src/domain/audit/change.ts';
import type { AuditEntry } from '../../src/domain/audit/entry.ts';
import type { OperatorAccess } from '../../src/domain/ports/secrets.ts';
import type { Store } from '../../src/domain/ports/store.ts';
import { Secret } from '../../src/domain/secret.ts';
import { createStore, openStore } from '../../src/store/open.ts';
import { type Desk, openDesk, seedOfDesk } from './fake-ledger.ts';
import { scopes, type TokenServer, tokenServer } from './fake-token-server.ts';
import { storeDeps, storeFolder } from './store-folder.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** Seals by writing down; what was sealed for one place opens at no other. */
export const writtenDown: Pick<OperatorAccess, 'seal' | 'open'> = {
  seal: (secret, at) => ({
    ...at,
    sealed: Buffer.from(`${at.record} ${at.field} ${at.version} ${secret.reveal()}`),
  }),
  open: ({ record, field, version, sealed }) => {
    const [of, where, number, text = ''] = Buffer.from(sealed).toString().split(' ');
    if (of !== record || where !== field || number !== String(version))
      throw new Error('sealed for another place');
    return new Secret(text);
  },
};

export interface TokenDesk extends Desk {
  readonly server: TokenServer;
  readonly app: App;
  /** The grant of @ana, as it was when she consented. */
  readonly grant: Grant;
  /** Opens the store once more, as another process does; with what is put in its place for it. */
  another(
    change?: (store: Store) => Store,
  ): Promise<{ readonly keeper: TokenKeeper; readonly ledger: Ledger }>;
  readonly keeper: TokenKeeper;
  renewing(ledger?: Ledger): Renewing;
  consent(change?: Partial<Consent>): Promise<Grant>;
  grantNow(): Promise<Grant>;
  /** Actions of the log about grants, in their order. */
  actions(): Promise<readonly string[]>;
  entries(): Promise<readonly AuditEntry[]>;
  /** Sealed tokens as `field version`. */
  sealed(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export const STORES = ['memory', 'sqlite'] as const;

/** An app of a rotating server, authorized by ana an hour ago with tokens that live an hour: they have just ended. */
export async function openTokenDesk(
  kind: (typeof STORES)[number] = 'memory',
  {
    provider = null,
    at = storeFolder(),
  }: { provider?: string | null; at?: ReturnType<typeof storeFolder> } = {},
): Promise<TokenDesk> {
  const opened: Store[] = [];
  const open = async (): Promise<Store> => {
    const store = await openStore(at.location, storeDeps());
    opened.push(store);
    return store;
  };
  const seed = seedOfDesk();
  if (kind === 'sqlite') await createStore(at.location, storeDeps(), async () => seed);
  const desk = openDesk('ana', seed, kind === 'sqlite' ? await open() : undefined);
  const { ledger, workspace, clock, means } = desk;
  const server = tokenServer(() => clock.at);
  const source = byHand({
    authorization: 'https://sso.example.com/a',
    token: 'https://sso.example.com/t',
    revocation: 'https://sso.example.com/r',
  });
  const app = await registerApp(ledger, { access: writtenDown, random: means.random }, workspace, {
    ...{ name: 'tracker', source: { ...source, provider }, clientId: 'c1', secret: new Secret('s3cret') },
    ...{
      registration: 'by-hand',
      allowlist: null,
      redirectPort: null,
    },
  });
  const renewing = (of: Ledger = ledger): Renewing => ({
    ledger: of,
    access: writtenDown,
    authorization: async () => server.authorization,
    pause: async () => undefined,
    unbroken: (work) => work(),
  });
  const consent = async (change: Partial<Consent> = {}): Promise<Grant> => {
    const tokens = change.tokens ?? server.consent();
    const given: Consent = {
      ...{ app, kind: 'user', account: '@ana', asked: scopes('issues', 'wiki'), tokens },
      ...{ redirectUri: 'http://127.0.0.1/callback', habits: {}, ...change },
    };
    return (await recordGrant(ledger, { access: writtenDown, random: means.random }, given)).grant;
  };
  const grant = await consent();
  clock.at += HOUR;
  return {
    ...desk,
    ...{ server, app, grant, renewing, consent, keeper: tokenKeeper(renewing()) },
    async another(change = (store) => store) {
      const own: Ledger = { ...ledger, store: change(kind === 'sqlite' ? await open() : desk.store) };
      return { keeper: tokenKeeper(renewing(own)), ledger: own };
    },
    async grantNow() {
      const now = await desk.store.grants.byId(grant.id);
      if (now === undefined) throw new Error('the grant is gone');
      return now;
    },
    entries: async () => (await desk.log()).filter(({ action }) => action.startsWith('grant.')),
    actions: async () =>
      (await desk.log()).flatMap(({ action }) =>
        action.startsWith('grant.') ? [action.slice('grant.'.length)] : [],
      ),
    sealed: async () =>
      (await desk.store.slots.allSealed()).flatMap(({ record, field, version }) =>
        record === grant.id ? [`${field} ${version}`] : [],
      ),
    async close() {
      for (const store of opened) await store.close();
      at.remove();
    },
  };
}
