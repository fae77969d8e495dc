import { granted } from './authorize.ts';
import { authenticate, isReply } from './client-authentication.ts';
import { fresh } from './grants.ts';
import { success } from './reply.ts';
import type { Handler } from './stub.ts';

/** The device authorization endpoint (RFC 8628 section 3.1). */
export const device: Handler = (request, stub) => {
  const client = authenticate(request, stub);
  if (isReply(client)) return client;
  const code = fresh('dc');
  const scope = granted(stub.switches.grants, request.form.get('scope') ?? undefined);
  const resource = request.form.get('resource') ?? undefined;
  const grant = { clientId: client.id, scope, resource, nonce: undefined, alive: true };
  stub.grants.devices.set(code, { grant, polls: 0, used: false });
  return success({
    device_code: code,
    user_code: 'WDJB-MJHT',
    verification_uri: `${stub.origin}/activate`,
    verification_uri_complete: `${stub.origin}/activate?user_code=WDJB-MJHT`,
    expires_in: 900,
    interval: 5,
  });
};
