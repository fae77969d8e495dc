import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  askedByDefault,
  planConsent,
  type ScopeRules,
  scopeRules,
} from '../../../src/domain/apps/consent.ts';
import { DEFAULT_POLICY } from '../../../src/domain/workspaces/policy.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { scopes } from '../../support/fake-token-server.ts';
import { openTeam } from '../../support/team.ts';

const FREE: ScopeRules = {
  app: 'github',
  typed: 'github',
  workspace: 'acme',
  allowlist: null,
  restricted: [],
  manages: false,
};
const ADMINS = 'for owners and admins of acme alone';

function planned(asked: readonly string[], rules: Partial<ScopeRules>) {
  const plan = planConsent(scopes(...asked), { ...FREE, ...rules });
  if ('refusal' in plan) throw plan.refusal;
  return plan.plan;
}

describe('what a provider is asked for', () => {
  test('everything when nothing narrows it', () => {
    expect(planned(['repo', 'gist'], {})).toEqual({ ask: ['repo', 'gist'], leftOut: [] });
  });

  test('each narrowing has its reason, in the order asked, and each scope is there once', () => {
    const rules = { allowlist: scopes('repo', 'pay'), restricted: scopes('pay') };
    expect(planned(['pay', 'admin:org', 'repo', 'repo'], rules)).toEqual({
      ask: ['repo'],
      leftOut: [
        { scope: 'pay', rule: 'policy', why: ADMINS },
        { scope: 'admin:org', rule: 'allowlist', why: "not in this app's allowlist" },
      ],
    });
    expect(planned(['pay', 'repo'], { ...rules, manages: true })).toEqual({
      ask: ['pay', 'repo'],
      leftOut: [],
    });
  });

  test('nothing asked and nothing that says what: the provider decides', () => {
    expect(planned([], {})).toEqual({ ask: [], leftOut: [] });
  });

  test.each([
    [
      ['admin:org'],
      { allowlist: scopes('repo') },
      "admin:org is not in this app's allowlist",
      'apps show github',
    ],
    [['pay'], { restricted: scopes('pay') }, `pay is ${ADMINS}`, 'policy show'],
    [[], { allowlist: [] }, 'the allowlist of github is empty', 'apps show github'],
  ] as const)('nothing left of %j: exit 4', async (asked, rules, message, hint) => {
    expect(await failureOf(() => planned(asked, rules))).toMatchObject({
      ...{ code: 'forbidden', exitCode: 4, message: expect.stringContaining(message) },
      hint: `{keywright} ${hint} -w acme`,
    });
  });

  test('never more than asked, allowlist and policy have in common, and nothing gets lost (property)', () => {
    const some = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
    fc.assert(
      fc.property(some, fc.option(some), some, fc.boolean(), (asked, allowlist, restricted, manages) => {
        const rules = {
          ...FREE,
          ...{
            allowlist: allowlist === null ? null : scopes(...allowlist),
            restricted: scopes(...restricted),
            manages,
          },
        };
        const plan = planConsent(scopes(...asked), rules);
        const may = asked.filter(
          (one) => (allowlist?.includes(one) ?? true) && (manages || !restricted.includes(one)),
        );
        if ('refusal' in plan) {
          expect(may).toEqual([]);
          return;
        }
        expect(plan.plan.ask).toEqual(may);
        expect([...plan.plan.ask, ...plan.plan.leftOut.map(({ scope }) => scope)].sort()).toEqual(
          [...asked].sort(),
        );
      }),
    );
  });
});

test('without a named scope: what was asked last, else the allowlist, else nothing', () => {
  const listed = { ...FREE, allowlist: scopes('repo', 'gist') };
  expect(askedByDefault({ asked: ['gist', 'user'] }, listed)).toEqual(['gist', 'user']);
  expect(askedByDefault({ asked: [] }, listed)).toEqual(['repo', 'gist']);
  expect(askedByDefault(undefined, listed)).toEqual(['repo', 'gist']);
  expect(askedByDefault(undefined, FREE)).toEqual([]);
  // Nothing is left of what was asked last.
  expect(askedByDefault({ asked: ['user'] }, listed)).toEqual(['repo', 'gist']);
  // Without an allowlist it is not widened to whatever the provider grants by itself.
  expect(askedByDefault({ asked: ['pay'] }, { ...FREE, restricted: scopes('pay') })).toEqual(['pay']);
});

test('the rules are those of the workspace and the person, and refuse who may not connect apps', async () => {
  const team = await openTeam();
  await team.policy({ ...DEFAULT_POLICY, restrictedProviderScopes: ['pay'] });
  const app = { id: 'app_1', name: 'github', workspaceId: team.workspace.id, allowlist: ['repo'] };
  const rules = (name: string) => scopeRules(team.store, { name }, app);
  expect(await rules('ben')).toMatchObject({ restricted: ['pay'], manages: false, allowlist: ['repo'] });
  expect(await rules('adi')).toMatchObject({ manages: true, workspace: team.workspace.slug });
  for (const name of ['vic', 'eve'])
    expect(await failureOf(() => rules(name))).toMatchObject({ code: 'forbidden' });
});
