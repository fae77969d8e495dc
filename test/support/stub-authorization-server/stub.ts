import type { Grants } from './grants.ts';
import type { Recorded } from './record.ts';
import type { Reply } from './reply.ts';
import type { Client, ProperIdToken, Switches } from './switches.ts';

/** What an endpoint's handler may know. */
export interface Stub {
  readonly origin: string;
  readonly issuer: string;
  readonly switches: Switches;
  readonly grants: Grants;
  /** Clients that registered themselves. */
  readonly registered: Client[];
  readonly sign: ProperIdToken['sign'];
  readonly jwk: Readonly<Record<string, unknown>>;
}

export type Handler = (request: Recorded, stub: Stub) => Reply;

/** The protected resource that the stub also is (RFC 9728). */
export const RESOURCE = '/mcp';

export function findClient(stub: Stub, id: string | null): Client | undefined {
  const known = [...stub.switches.clients, ...stub.registered].find((client) => client.id === id);
  if (known !== undefined || id === null || !stub.switches.urlClients) return known;
  return URL.canParse(id) ? { id } : undefined;
}
