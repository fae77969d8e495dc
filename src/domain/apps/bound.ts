import { createHash } from 'node:crypto';
import { Failure, PROGRAM } from '../../errors.ts';
import type { OperatorAccess, SealedRecord } from '../ports/secrets.ts';
import type { Readers, Transaction } from '../ports/store.ts';
import { Secret } from '../secret.ts';
import type { App } from './app.ts';
import { CLIENT_SECRET } from './facts.ts';

type Place = Omit<SealedRecord, 'sealed'>;

/**
 * Seals a secret together with what it is for (`bindingOf`). The endpoints stand in plain columns, which whoever can
 * write the database can edit; what is inside the seal they can't.
 */
export function sealBound(
  access: Pick<OperatorAccess, 'seal'>,
  secret: Secret,
  place: Place,
  binding: string,
): SealedRecord {
  return access.seal(new Secret(`${binding}\n${secret.reveal()}`), place);
}

/**
 * Opens what `sealBound` sealed for the same binding. Throws `authorization_mismatch` naming the app when it is for
 * another, and `slot_damaged`.
 */
export function openBound(
  access: Pick<OperatorAccess, 'open'>,
  sealed: SealedRecord,
  { name }: Pick<App, 'name'>,
  binding: string,
): Secret {
  const text = access.open(sealed).reveal();
  const head = `${binding}\n`;
  if (!text.startsWith(head)) throw editedApp(name);
  return new Secret(text.slice(head.length));
}

/** An app that is not as it was registered: nothing of it is sent anywhere. */
export function editedApp(name: string): Failure {
  const why = "was changed behind the program's back, so nothing of it is sent";
  return new Failure('authorization_mismatch', `${name} ${why}; register it anew with apps register`, {
    hint: `${PROGRAM} doctor`,
  });
}

/**
 * What the tokens of an app's grants are for: a digest of all that decides where they are sent and whose answers are
 * believed. Nothing of it ever changes for an app.
 */
export function bindingOf(app: Pick<App, 'provider' | 'resource' | 'server'>): string {
  return digest(placesOf(app));
}

/** What its client secret is for: the client id, too. */
function clientBinding(app: App): string {
  return digest([...placesOf(app), app.clientId]);
}

/** Seals the client secret of an app as its only one. A public client has an empty one, for what it is bound to. */
export async function sealClientSecret(
  tx: Transaction,
  access: Pick<OperatorAccess, 'seal'>,
  app: App,
  secret: Secret | undefined,
): Promise<void> {
  const before = await tx.slots.sealed(app.id, CLIENT_SECRET);
  if (before !== undefined) await tx.write.slots.removeSealed(app.id, CLIENT_SECRET);
  const at = { record: app.id, field: CLIENT_SECRET, version: (before?.version ?? 0) + 1 };
  await tx.write.slots.putSealed(sealBound(access, secret ?? new Secret(''), at, clientBinding(app)));
}

/**
 * The client secret of an app; undefined for a public client. Throws `authorization_mismatch` when endpoints or client
 * id are others than it was sealed for, or there is none.
 */
export async function openClientSecret(
  readers: Pick<Readers, 'slots'>,
  access: Pick<OperatorAccess, 'open'>,
  app: App,
): Promise<Secret | undefined> {
  const sealed = await readers.slots.sealed(app.id, CLIENT_SECRET);
  if (sealed === undefined) throw editedApp(app.name);
  const secret = openBound(access, sealed, app, clientBinding(app));
  return secret.reveal() === '' ? undefined : secret;
}

function placesOf({ provider, resource, server }: Pick<App, 'provider' | 'resource' | 'server'>): unknown[] {
  const { issuer, authorizationEndpoint, tokenEndpoint, deviceEndpoint, revocationEndpoint } = server;
  return [
    ...[provider, resource, issuer, authorizationEndpoint, tokenEndpoint, deviceEndpoint, revocationEndpoint],
    ...[server.userinfoEndpoint, server.jwksUri, server.issInResponse, server.openid],
    server.idTokenAlgorithms,
  ];
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
