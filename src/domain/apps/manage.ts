import { Failure, PROGRAM } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import { change, type Ledger } from '../audit/change.ts';
import { bindableIntegration } from '../keys/bound.ts';
import type { AppChange } from '../ports/apps.ts';
import type { OperatorAccess } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import type { Secret } from '../secret.ts';
import type { App, ClientAuth, Grant } from './app.ts';
import { openClientSecret, sealClientSecret } from './bound.ts';
import { beyondAllowlist, beyondRules, markGrants, rulesOf } from './exceed.ts';
import { appEntry } from './facts.ts';
import { findApp, type WhichApp } from './find.ts';
import { givingUp } from './reconnect.ts';
import type { AnswerHabits, ProviderScope } from './scopes.ts';

/** What is to be different of an app. */
export interface AppWish {
  readonly name?: string | undefined;
  /** null: it may ask for anything from then on. */
  readonly allowlist?: readonly ProviderScope[] | null | undefined;
  readonly clientId?: string | undefined;
  /** null: a public client from then on. */
  readonly secret?: Secret | null | undefined;
  /** How it authenticates with the secret, if not as before. */
  readonly clientAuth?: ClientAuth | undefined;
  readonly redirectPort?: number | null | undefined;
  /** Name or id of a configured integration; null: none. */
  readonly integration?: string | null | undefined;
}

/** An app after a change. */
export interface ChangedApp {
  readonly app: App;
  readonly changed: boolean;
  /** The grants that need to be authorized again because of it, or because of it no more (`needsReason` null). */
  readonly marked: readonly Grant[];
}

/** What changing or removing an app takes. */
export const changeWish = ({ name, createdBy }: App) =>
  ({ kind: 'change-app', app: name, owner: createdBy }) as const;

/**
 * Changes an app in one transaction. Grants that go beyond a new allowlist, and all of them when the client id is
 * another, need to be authorized again from then on; those that a wider one allows again don't. A new secret takes the place of the old one. `habits` are those of
 * the app's provider. Throws `exists` when the name is taken, `forbidden`, `usage`, `not_found`, `wrong_state`, and
 * `authorization_mismatch` for an app that was edited: that would go into the log as if it were so.
 */
export function updateApp(
  ledger: Ledger,
  access: Pick<OperatorAccess, 'seal' | 'open'>,
  which: WhichApp,
  wish: AppWish,
  habits: AnswerHabits,
): Promise<ChangedApp> {
  return change(ledger, async (tx, record) => {
    const before = await findApp(tx, which);
    await requireAllowed(tx, ledger.actor, before.workspaceId, changeWish(before));
    const known = await openClientSecret(tx, access, before);
    const values = await changeOf(tx, before, wish);
    const fields = Object.keys(values) as (keyof AppChange)[];
    const isSame = fields.every((field) => JSON.stringify(values[field]) === JSON.stringify(before[field]));
    if (isSame && wish.secret === undefined) return { app: before, changed: false, marked: [] };
    if (values.clientId !== undefined && values.clientId !== before.clientId) await refusePending(tx, before);
    const app: App = { ...before, ...values };
    await tx.write.apps.update(app.id, values);
    if (wish.secret !== undefined || app.clientId !== before.clientId)
      await sealClientSecret(tx, access, app, wish.secret === undefined ? known : (wish.secret ?? undefined));
    const renamed = app.name === before.name ? {} : { old_name: before.name };
    const secret = wish.secret === undefined ? {} : { client_secret: wish.secret !== null };
    record(appEntry('app.update', app, { ...renamed, ...secret }));
    const rules = await rulesOf(tx, app.workspaceId);
    const beyond =
      ({ allowlist }: App) =>
      (grant: Grant): string | undefined =>
        beyondAllowlist(grant, allowlist, habits) ?? beyondRules(grant, rules);
    const after =
      app.clientId === before.clientId ? beyond(app) : () => 'the app has another client id by now';
    const grants = await tx.grants.ofApp(app.id);
    const marked = await markGrants(tx, record, grants, { before: beyond(before), after });
    return { app, changed: true, marked };
  });
}

/** Tokens are taken back by the client that they were given to (RFC 7009 section 2.1). */
async function refusePending(readers: Readers, { id, name, workspaceId }: App): Promise<void> {
  const pending = (await readers.grants.ofApp(id)).find(({ revocationPending }) => revocationPending);
  if (pending === undefined) return;
  const message = `${name} ${pending.account} is still to be taken back at the provider, which the present client id has to do`;
  const giveUp = await givingUp(readers, { id, workspaceId }, pending);
  throw new Failure('wrong_state', `${message}; to give it up: ${giveUp}`, {
    hint: `${PROGRAM} doctor --fix`,
  });
}

async function changeOf(readers: Readers, app: App, wish: AppWish): Promise<AppChange> {
  const { name, allowlist, clientId, redirectPort, integration } = wish;
  const bound =
    typeof integration === 'string'
      ? (await bindableIntegration(readers, app.workspaceId, integration)).id
      : integration;
  const clientAuth = authOf(app, wish);
  return {
    ...(name === undefined ? {} : { name }),
    ...(allowlist === undefined ? {} : { allowlist }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(redirectPort === undefined ? {} : { redirectPort }),
    ...(bound === undefined ? {} : { integrationId: bound }),
    ...(clientAuth === app.clientAuth ? {} : { clientAuth }),
  };
}

/** The way to authenticate and the secret belong together: neither is left without the other. */
function authOf(app: App, { secret, clientAuth }: AppWish): ClientAuth {
  if (secret === null) return 'none';
  const will =
    clientAuth ??
    (secret !== undefined && app.clientAuth === 'none' ? 'client_secret_basic' : app.clientAuth);
  const has = secret !== undefined || app.clientAuth !== 'none';
  if ((will !== 'none') === has) return will;
  const why = has ? `${app.name} has a client secret` : `${app.name} has no client secret`;
  throw new Failure('usage', `${why}, so ${will} does not fit it`);
}
