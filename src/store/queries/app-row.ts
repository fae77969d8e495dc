import { type App, type ServerFacts, safeUrl } from '../../domain/apps/app.ts';
import {
  areScopes,
  edited,
  isFlag,
  isText,
  isTime,
  oneOf,
  orNull,
  type Shape,
  scopesOf,
  shaped,
} from './shape.ts';

export const APP = `SELECT id, workspace_id AS "workspaceId", name, provider, resource, server,
  client_id AS "clientId", client_auth AS "clientAuth", registration, allowlist,
  redirect_port AS "redirectPort", integration_id AS "integrationId", created_at AS "createdAt",
  created_by AS "createdBy", removed_at AS "removedAt" FROM apps`;

export type AppRow = Omit<App, 'server' | 'allowlist'> & {
  readonly server: string;
  readonly allowlist: string | null;
};

/** Something is sent there, so it is looked at as when it was written. */
const isEndpoint = (value: unknown): boolean => typeof value === 'string' && safeUrl(value) instanceof URL;
const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;
/** Algorithms without a key pair would take the client's secret, or nothing, for the server's signature. */
const areAlgorithms = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => isText(one) && !/^(?:none$|HS)/i.test(one as string));

const SERVER: Shape<ServerFacts> = {
  issuer: orNull(isText),
  authorizationEndpoint: orNull(isEndpoint),
  tokenEndpoint: isEndpoint,
  deviceEndpoint: orNull(isEndpoint),
  revocationEndpoint: orNull(isEndpoint),
  userinfoEndpoint: orNull(isEndpoint),
  jwksUri: orNull(isEndpoint),
  issInResponse: isFlag,
  openid: isFlag,
  idTokenAlgorithms: areAlgorithms,
};

const APP_SHAPE: Shape<App> = {
  id: isText,
  workspaceId: isText,
  name: isText,
  provider: orNull(isText),
  resource: orNull(isEndpoint),
  // Looked at by itself, as it is parsed.
  server: () => true,
  clientId: isText,
  clientAuth: oneOf('client_secret_basic', 'client_secret_post', 'none'),
  registration: oneOf('by-hand', 'dynamic', 'metadata-document'),
  allowlist: orNull(areScopes),
  redirectPort: orNull(isPort),
  integrationId: orNull(isText),
  createdAt: isTime,
  createdBy: isText,
  removedAt: orNull(isTime),
};

/** The app of a row. Throws `store_damaged` where the row was edited into something else. */
export function toApp(row: AppRow): App {
  const what = `app ${row.id}`;
  const allowlist = row.allowlist === null ? null : scopesOf(row.allowlist);
  return shaped<App>(what, { ...row, server: toServer(what, row.server), allowlist }, APP_SHAPE);
}

function toServer(what: string, text: string): ServerFacts {
  const read = parsed(text);
  if (typeof read !== 'object' || read === null) throw edited(what, 'server');
  return shaped<ServerFacts>(what, read, SERVER);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
