import type { Recorded } from './record.ts';
import { failure, type Reply, withHeaders } from './reply.ts';
import { findClient, type Stub } from './stub.ts';
import type { Client } from './switches.ts';

/** The client that sent a request (RFC 6749 section 2.3): Basic, or in the form, or by its id alone if it is public. */
export function authenticate(request: Recorded, stub: Stub): Client | Reply {
  const header = request.headers.authorization;
  const basic = header === undefined ? undefined : readBasic(header);
  if (header !== undefined && basic === undefined) return refused('unreadable credentials');
  if (basic !== undefined && request.form.has('client_secret'))
    return refused('two ways of authentication at once');
  const id = basic?.id ?? request.form.get('client_id');
  const secret = basic?.secret ?? request.form.get('client_secret') ?? undefined;
  const client = findClient(stub, id);
  if (client === undefined) return refused('unknown client');
  if (client.secret !== secret) return refused(secret === undefined ? 'a secret is needed' : 'wrong secret');
  return client;
}

export function isReply(value: Client | Reply): value is Reply {
  return 'status' in value;
}

/** Both halves are form-encoded before they are joined (RFC 6749 section 2.3.1). */
function readBasic(header: string): { id: string; secret: string } | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/.exec(header)?.[1];
  const halves =
    encoded === undefined ? null : /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString());
  if (halves === null) return undefined;
  const [id, secret] = halves.slice(1).map((half) => new URLSearchParams(`v=${half}`).get('v') ?? '');
  return { id: id as string, secret: secret as string };
}

function refused(description: string): Reply {
  return withHeaders(failure(401, 'invalid_client', description), {
    'www-authenticate': 'Basic realm="stub"',
  });
}
