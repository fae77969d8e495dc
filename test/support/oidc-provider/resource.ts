import { createServer } from 'node:http';
import { listen } from '../stub-authorization-server/listen.ts';
import type { RunningProvider } from './start.ts';

/** A protected resource, as an MCP server is one. */
export interface RunningResource {
  /** `<origin>/mcp` */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Starts a resource on loopback that names the provider as its server (RFC 9728) and takes only tokens that were
 * issued for it (RFC 8707): anything else is 401, with the challenge.
 */
export async function startResource({ issuer, introspect }: RunningProvider): Promise<RunningResource> {
  const server = createServer();
  const { origin, close } = await listen(server);
  const url = `${origin}/mcp`;
  const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
  server.on('request', async (request, response) => {
    if (request.url === new URL(metadata).pathname) {
      const document = {
        resource: url,
        authorization_servers: [issuer],
        scopes_supported: ['read', 'write'],
      };
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    }
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const { active, aud, scope } = await introspect(token);
    if (active && aud === url) return response.writeHead(200).end(scope);
    return response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${metadata}"` }).end();
  });
  return { url, close };
}
