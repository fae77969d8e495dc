import type { Context } from '../../context.ts';
import type { Attempt, DeviceAttempt } from '../../domain/ports/authorization.ts';
import type { Desktop } from '../../domain/ports/system.ts';
import type { Asking } from './consent.ts';

/**
 * Opens a browser where one may be, and in any case prints the URL: the one place where state, nonce and challenge
 * are shown. Where no browser was opened, the ways from another machine.
 */
export async function showUrl(
  context: Context,
  { browser, client, redirect, timeoutMs }: Asking,
  { url }: Attempt,
  redirectUri: string,
): Promise<void> {
  const desktop = await context.desktop();
  // Who can't be asked may not be there at all, so nothing opens by itself on somebody's screen.
  const wanted = browser && context.ask.interactive && desktop.remoteness === undefined;
  const opened = wanted && (await desktop.open(url));
  const lines = [`open ${url}`];
  if (redirect.pasted !== undefined)
    lines.push(
      `afterwards the browser finds nothing at ${redirectUri}; what counts is that address, all of it`,
    );
  else if (!opened) lines.push(...elsewhere(desktop, redirectUri));
  if (!opened && !context.ask.interactive && client.server.deviceEndpoint !== null)
    lines.push('or run it with --device: a code that is typed in any browser');
  const ends = Math.round(timeoutMs / 1000);
  await context.out.demand(lines, { authorization_url: url, redirect_uri: redirectUri, seconds: ends });
}

/** How a browser on another machine gets back to this one. */
function elsewhere({ login }: Desktop, redirectUri: string): readonly string[] {
  const { port: said, hostname } = new URL(redirectUri);
  // The port that is usual for http is left out of a URL.
  const port = said === '' ? '80' : said;
  return [`from another machine: ssh -N -L ${port}:${hostname}:${port} ${login}`];
}

/** Prints where a code is typed, and the code. */
export async function showCode(context: Context, device: DeviceAttempt): Promise<void> {
  const { userCode, verificationUri, verificationUriComplete, expiresAt } = device;
  const seconds = Math.max(0, Math.round((expiresAt - context.now()) / 1000));
  const lines = [`open ${verificationUri}`, `and enter ${userCode} (${minutes(seconds * 1000)})`];
  await context.out.demand(lines, {
    verification_uri: verificationUri,
    verification_uri_complete: verificationUriComplete ?? null,
    user_code: userCode,
    seconds,
  });
}

/** `45 s`, `5 min`. */
export function minutes(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
