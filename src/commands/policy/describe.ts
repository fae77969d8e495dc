import { DEFAULT_POLICY, defaultLifeOf, lifeText, type Policy } from '../../domain/workspaces/policy.ts';

/** One setting of a policy, as `policy show` names it and the flags of `policy set` take it. */
export interface Setting {
  readonly label: string;
  /** Name in JSON. */
  readonly field: string;
  readonly text: string;
  readonly json: string | readonly string[] | null;
  readonly isDefault: boolean;
}

/** All settings of a policy, in one order for tables, JSON and TSV, which is frozen. */
export function settingsOf(policy: Policy): readonly Setting[] {
  const now = plain(policy);
  const usual = plain(DEFAULT_POLICY);
  return now.map((setting, i) => ({ ...setting, isDefault: setting.text === usual[i]?.text }));
}

type Plain = Omit<Setting, 'isDefault'>;

function plain(policy: Policy): readonly Plain[] {
  const { ceilings, longestLife } = policy;
  return [
    word('create keys', 'create_keys', `${policy.createKeys} and above`, policy.createKeys),
    word('connect apps', 'connect_apps', `${policy.connectApps} and above`, policy.connectApps),
    scopes('restricted', 'restricted_scopes', policy.restrictedScopes),
    scopes('admin grants', 'ceiling_admin', ceilings.admin),
    scopes('developer grants', 'ceiling_developer', ceilings.developer),
    scopes('viewer grants', 'ceiling_viewer', ceilings.viewer),
    word('default life', 'default_life', defaultLife(policy), lifeText(defaultLifeOf(policy))),
    word(
      'longest life',
      'longest_life',
      longestLife === null ? 'no limit' : lifeText(longestLife),
      longestLife === null ? null : lifeText(longestLife),
    ),
    // Last: the order of the columns is frozen.
    scopes('restricted in apps', 'restricted_provider_scopes', policy.restrictedProviderScopes),
  ];
}

function defaultLife(policy: Policy): string {
  const [set, real] = [lifeText(policy.defaultLife), lifeText(defaultLifeOf(policy))];
  return set === real ? real : `${real} (${set}, cut to the longest)`;
}

function word(label: string, field: string, text: string, json: string | null): Plain {
  return { label, field, text, json };
}

function scopes(label: string, field: string, list: readonly string[]): Plain {
  return { label, field, text: list.length === 0 ? 'nothing' : list.join(' '), json: list };
}

/** A policy for `--json`, with the names of the settings that nobody changed. Fields are only ever added. */
export function policyJson(workspace: string, policy: Policy): object {
  const settings = settingsOf(policy);
  return {
    workspace,
    ...Object.fromEntries(settings.map(({ field, json }) => [field, json])),
    defaults: settings.filter(({ isDefault }) => isDefault).map(({ field }) => field),
  };
}

/** A policy as one row, in the words that `policy set` takes; the order is frozen. */
export function policyTsv(workspace: string, policy: Policy): readonly string[] {
  const texts = settingsOf(policy).map(({ field, json }) => {
    if (typeof json === 'string') return json;
    // A scope of a provider may hold a comma, and never a space.
    const between = field === 'restricted_provider_scopes' ? ' ' : ',';
    return json === null || json.length === 0 ? 'none' : json.join(between);
  });
  return [workspace, ...texts];
}
