import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import type { InteractionDetails } from 'oidc-provider';

/** The login and consent pages, for a browser with a person or a script in front of it. Nothing external is loaded. */
export async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  if (request.method !== 'POST') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(details.prompt.name === 'login' ? loginPage() : consentPage(details));
    return;
  }
  const form = new URLSearchParams(await bodyOf(request));
  const result = await resultOf(provider, details, form);
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

async function resultOf(
  provider: Provider,
  details: InteractionDetails,
  form: URLSearchParams,
): Promise<object> {
  if (form.get('answer') === 'deny') {
    return { error: 'access_denied', error_description: 'the person said no' };
  }
  if (details.prompt.name === 'login') return { login: { accountId: form.get('login') ?? 'ana' } };
  const { grantId, session, params } = details;
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = known ?? new provider.Grant({ accountId: session?.accountId, clientId: params.client_id });
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = details.prompt.details as {
    readonly missingOIDCScope?: readonly string[];
    readonly missingOIDCClaims?: readonly string[];
    readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
  };
  if (missingOIDCScope !== undefined) grant.addOIDCScope(missingOIDCScope.join(' '));
  if (missingOIDCClaims !== undefined) grant.addOIDCClaims(missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {}))
    grant.addResourceScope(resource, scopes.join(' '));
  return { consent: { grantId: await grant.save() } };
}

function loginPage(): string {
  return page('Sign in', '<label>Name <input name="login" value="ana" autofocus></label>', 'Sign in');
}

function consentPage({ params }: InteractionDetails): string {
  const asked = `<p><b>${escaped(params.client_id)}</b> asks for <b>${escaped(params.scope)}</b>.</p>`;
  return page('Consent', asked, 'Allow');
}

/** Posted to where it came from; the first button is what Enter presses. */
function page(title: string, content: string, allow: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>
<form method="post">${content}<button name="answer" value="allow">${allow}</button>
<button name="answer" value="deny">Cancel</button></form></html>`;
}

function escaped(text = 'nothing'): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
