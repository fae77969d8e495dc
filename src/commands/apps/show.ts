import type { Grant, GrantStatus, ServerFacts } from '../../domain/apps/app.ts';
import { needOf, statusOfGrant } from '../../domain/apps/status.ts';
import { age, moment } from '../../terminal/time.ts';
import type { Command } from '../command.ts';
import { WORKSPACE } from '../options.ts';
import { counted } from '../plural.ts';
import { appJson, grantJson, hostOf, type ShownApp, shownApp } from './describe.ts';
import { APP, oneApp } from './which.ts';

export const show: Command = {
  name: 'show',
  summary: 'show one app: what it may ask for, and what was granted to it',
  arguments: [APP],
  options: [WORKSPACE],
  examples: ['apps show github', 'apps show github --json'],
  async run(context, input) {
    const store = await context.store();
    const { app, workspace } = await oneApp(context, store, input);
    const shown = await shownApp(store, app, workspace.slug);
    const now = context.now();
    const grants = await Promise.all(
      (await store.grants.ofApp(app.id)).map(async (grant) => ({
        grant,
        status: statusOfGrant(grant, now, await store.grants.intent(grant.id)),
      })),
    );
    const [first] = grants;
    const state = first === undefined ? 'not-connected' : grants.length === 1 ? first.status : undefined;
    await context.out.show({
      heading: `${app.name}  ${state ?? counted(grants.length, 'account')}`,
      fields: [...fieldsOf(shown, now), ...grants.flatMap(grantFields)],
      ...(grants.length === 0
        ? {}
        : {
            table: {
              headers: ['ACCOUNT', 'STATUS', 'GRANTED', 'BY', 'SINCE', 'TOKEN ENDS'],
              rows: grants.map(({ grant, status }) => [
                grant.account,
                status,
                grant.granted.join(' '),
                grant.authorizedBy,
                moment(grant.authorizedAt, now, undefined, { zone: false }),
                endOfToken({ grant, status }, now),
              ]),
            },
          }),
      json: { ...appJson(shown), grants: grants.map(({ grant, status }) => grantJson(grant, status)) },
      tsv: [app.name, app.id, workspace.slug, app.provider ?? '', hostOf(app), app.clientId],
    });
    return undefined;
  },
};

type Field = readonly [label: string, value: string | undefined];

function fieldsOf({ app, workspace, integration }: ShownApp, now: number): readonly Field[] {
  return [
    ['id', app.id],
    ['workspace', workspace],
    ['provider', app.provider ?? undefined],
    ['host', hostOf(app)],
    ['resource', app.resource ?? undefined],
    ['issuer', app.server.issuer ?? undefined],
    ['client id', app.clientId],
    ['client', app.clientAuth === 'none' ? 'public, without a secret' : 'with a secret, kept sealed'],
    ['registered', REGISTERED[app.registration]],
    ['may ask for', app.allowlist === null ? 'anything' : app.allowlist.join(' ') || 'nothing'],
    ['port', app.redirectPort === null ? undefined : String(app.redirectPort)],
    ['device flow', withDevice(app.server)],
    ['integration', integration ?? undefined],
    ['created', `${moment(app.createdAt, now)} by ${app.createdBy}`],
  ];
}

const REGISTERED = {
  'by-hand': 'by hand',
  dynamic: 'by itself',
  'metadata-document': 'by a metadata document',
} as const;

function withDevice({ deviceEndpoint }: ServerFacts): string {
  return deviceEndpoint === null ? 'no' : 'yes';
}

/** What a column has no room for, and only where it says more than the column. */
function grantFields({ grant, status }: { grant: Grant; status: GrantStatus }): readonly Field[] {
  const { account, asked, granted } = grant;
  const reason = needOf(grant, status);
  const same = asked.length === granted.length && asked.every((scope) => granted.includes(scope));
  return [
    [account, reason === null ? undefined : `needs authorization: ${reason}`],
    [account, same || asked.length === 0 ? undefined : `asked for ${asked.join(' ')}`],
  ];
}

function endOfToken({ grant, status }: { grant: Grant; status: GrantStatus }, now: number): string {
  const { tokenExpiresAt, refreshable, kind } = grant;
  if (status !== 'active') return '';
  if (tokenExpiresAt === null) return 'unknown';
  const when = tokenExpiresAt > now ? age(tokenExpiresAt, now) : `${age(tokenExpiresAt, now)} ago`;
  return refreshable || kind === 'client-credentials' ? `${when}, then renewed` : when;
}
