import type { Context } from '../../context.ts';
import type { ServerFacts } from '../../domain/apps/app.ts';
import type { Provider } from '../../domain/apps/provider.ts';
import type { NewApp } from '../../domain/apps/register.ts';
import type { ProviderScope } from '../../domain/apps/scopes.ts';
import type { Source } from '../../domain/apps/source.ts';
import type { Discovery } from '../../domain/ports/authorization.ts';
import type { Secret } from '../../domain/secret.ts';
import { commandLine } from '../../domain/shell.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import { deadline } from '../../terminal/time.ts';
import type { Option } from '../command.ts';
import { badValue, type Input } from '../input.ts';
import { type NewRedirect, redirectOf } from './redirect.ts';

/** Where a client secret is read from. */
export const SECRET_SOURCES: readonly Option[] = [
  { flags: '--from-stdin', about: 'read the client secret from stdin' },
  { flags: '--from-file <file>', about: 'read the client secret from a file', completes: 'file' },
  { flags: '--from-env <name>', about: 'read the client secret from this environment variable' },
];

/** Shown to the person who consents, by servers at which apps register themselves. */
const CLIENT_NAME = 'keywright';

/** A server, and what it said or is known of itself. */
export interface Peer {
  readonly source: Source;
  readonly provider: Provider | undefined;
  readonly discovery: Discovery | undefined;
}

/** What an app speaks for itself with. */
export type ClientWish = Pick<NewApp, 'clientId' | 'secret' | 'clientAuth' | 'registration'>;

/** VSCHAR of RFC 6749 appendix A. */
const CLIENT_ID = /^[\x20-\x7e]{1,2048}$/;
const CLIENT_SECRET = /^[\x20-\x7e]{1,4096}$/;

/**
 * Client id and secret: from the flags, from the server itself where apps can register there (RFC 7591), or asked for
 * at a terminal, with what has to be entered where. Throws `usage` naming what is missing.
 */
export async function clientFor(
  context: Context,
  input: Input,
  peer: Peer,
  { name, redirect, scopes }: { name: string; redirect: NewRedirect; scopes: readonly ProviderScope[] },
): Promise<ClientWish> {
  const said = clientIdSaid(input);
  const { discovery } = peer;
  if (said !== undefined && discovery?.takesMetadataDocuments === true && said.startsWith('https://'))
    return { clientId: said, secret: undefined, clientAuth: 'none', registration: 'metadata-document' };
  if (said === undefined && discovery !== undefined && discovery.registrationEndpoint !== null) {
    const request = { name: CLIENT_NAME, redirectUri: redirect.register ?? '', scopes };
    const { secretExpiresAt, ...client } = await (await context.authorization()).register(discovery, request);
    if (secretExpiresAt !== null) await context.out.warn(secretEnds(name, secretExpiresAt, context.now()));
    return { ...client, registration: 'dynamic' };
  }
  if (asksFor(context, input, peer))
    await showSettings(context, { ...peer, server: peer.source.server }, redirect, true);
  const clientId = said ?? (await askClientId(context, name, peer));
  const secret = await secretFor(context, input, name, needOf(peer.source));
  return { clientId, secret, registration: 'by-hand' };
}

/** A server may end what it gave (RFC 7591 section 3.2.1), and nothing here gets another one by itself. */
function secretEnds(name: string, at: number, now: number): string {
  const ends = at > now ? 'ends' : 'ended';
  return `${name} was given a client secret that ${ends} ${deadline(at, now)}; after that it has to be registered again`;
}

/** What `--client-id` says. Throws `usage` for what is none. */
export function clientIdSaid(input: Input): string | undefined {
  const said = input.text('clientId');
  if (said === undefined || CLIENT_ID.test(said)) return said;
  throw badValue('clientId', 'holds what no client id does');
}

/** The client secret that the flags name; undefined when none does. Throws `usage` when several do. */
export async function secretSaid(context: Context, input: Input): Promise<Secret | undefined> {
  const [file, env] = [input.text('fromFile'), input.text('fromEnv')];
  const sources = [
    ...(input.flag('fromStdin') ? [{ stdin: true } as const] : []),
    ...(file === undefined ? [] : [{ file }]),
    ...(env === undefined ? [] : [{ env }]),
  ];
  const [source, ...more] = sources;
  if (source === undefined) return undefined;
  if (more.length > 0) throw new Failure('usage', 'give one of --from-stdin, --from-file and --from-env');
  if (input.flag('public'))
    throw new Failure('usage', 'a public client has no secret: leave --public out, or it');
  return checkedSecret(await context.readSecret(source));
}

function checkedSecret(secret: Secret): Secret {
  if (CLIENT_SECRET.test(secret.reveal())) return secret;
  throw new Failure('bad_secret_input', 'the client secret is empty, or holds what no client secret does');
}

type Need = 'required' | 'optional' | 'none';

function needOf({ offered }: Source): Need {
  if (!offered.includes('none')) return 'required';
  return offered.some((one) => one !== 'none') ? 'optional' : 'none';
}

async function secretFor(
  context: Context,
  input: Input,
  name: string,
  need: Need,
): Promise<Secret | undefined> {
  const said = await secretSaid(context, input);
  if (said !== undefined || input.flag('public') || need === 'none') return said;
  if (!context.ask.interactive)
    throw new Failure('usage', 'the client secret is missing, and there is nobody to ask', {
      hint: `give it with --from-stdin, --from-file or --from-env${need === 'optional' ? ', or say --public' : ''}`,
    });
  const without = need === 'optional' ? ' (leave it empty if there is none)' : '';
  const typed = await context.ask.hidden(`client secret of ${name}${without}`);
  return need === 'optional' && typed.reveal() === '' ? undefined : checkedSecret(typed);
}

/**
 * Throws `usage` where nobody is there to ask for a client id: naming where it comes from, the redirect URI that is
 * entered there, and the command that then registers the app.
 */
export function requireSomebody(
  { ask, random }: Context,
  { source, provider, discovery }: Peer,
  { name, slug, port: said }: { name: string; slug: string; port: number | undefined },
): void {
  if (ask.interactive || (discovery !== undefined && discovery.registrationEndpoint !== null)) return;
  const { port, register } = redirectOf(provider, said, random);
  const line = commandLine(
    ...[
      PROGRAM,
      'apps',
      'register',
      name,
      ...(source.resource === null ? [] : ['--resource', source.resource]),
    ],
    ...['--client-id', 'ID', ...(needOf(source) === 'required' ? ['--from-stdin'] : [])],
    ...[...(port === null ? [] : ['--callback-port', String(port)]), '-w', slug],
  );
  const page = provider === undefined ? 'its server' : provider.registration.page;
  const uri = register === null ? '' : ` with the redirect URI ${register}`;
  throw new Failure('usage', `${name} is not registered, and there is nobody to ask for its client id`, {
    hint: `register it at ${page}${uri}, then: ${line}`,
  });
}

async function askClientId(context: Context, name: string, { provider }: Peer): Promise<string> {
  if (!context.ask.interactive)
    throw new Failure('usage', '--client-id is missing, and there is nobody to ask', {
      hint:
        provider === undefined
          ? 'register the app at the server, then give what it is called there'
          : `register the app at ${provider.registration.page}, then give what it is called there`,
    });
  return context.ask.input(`client id of ${name}`, {
    validate: (text) => CLIENT_ID.test(text) || 'that is no client id',
  });
}

/** Will somebody at the terminal be asked for client id or secret? Then they are told first where both come from. */
export function asksFor(context: Context, input: Input, { source }: Peer): boolean {
  const hasSource = input.flag('fromStdin') || ['fromFile', 'fromEnv'].some((one) => input.text(one));
  const asksSecret = !hasSource && !input.flag('public') && needOf(source) !== 'none';
  return context.ask.interactive && (input.text('clientId') === undefined || asksSecret);
}

/** Where somebody registers the app, and what they enter there; whoever is about to be asked is shown it in any case. */
export async function showSettings(
  context: Context,
  { provider, server }: Pick<Peer, 'provider'> & { readonly server: ServerFacts },
  redirect: Pick<NewRedirect, 'register'>,
  isAsked = false,
): Promise<void> {
  const { page, note } = provider?.registration ?? {};
  // Nobody is sent back from where nobody consents in a browser.
  const register = server.authorizationEndpoint === null ? null : redirect.register;
  const lines = [
    ...(page === undefined ? [] : [`register it at ${page}`]),
    ...(note === undefined ? [] : [`there: ${note}`]),
    ...(register === null ? [] : [`redirect URI: ${register}`]),
  ];
  const json = { registration_page: page ?? null, note: note ?? null, redirect_uri: register };
  if (isAsked) await context.out.demand(lines, json);
  else for (const line of lines) await context.out.say(line);
}
