import type { Option } from './command.ts';

/** Options that several commands share, worded once. */
export const WORKSPACE: Option = {
  flags: '-w, --workspace <ws>',
  about: 'workspace (default: KEYWRIGHT_WORKSPACE, `workspaces use`, or the only one)',
  completes: 'workspace',
};

export const YES: Option = { flags: '-y, --yes', about: 'do it without asking' };
export const DRY_RUN: Option = { flags: '--dry-run', about: 'only show what would happen' };
export const FROM_STDIN: Option = {
  flags: '--from-stdin',
  about: 'read the secret key from stdin; it says which key is meant',
};

/** Filters that `keys list` and the commands on several keys share. */
export const KEY_FILTERS: readonly Option[] = [
  {
    flags: '--status <status>',
    about: 'only keys of this status',
    choices: ['active', 'rotating', 'expired', 'disabled', 'revoked'],
  },
  { flags: '--owner <member>', about: 'only keys of this owner', completes: 'member' },
  { flags: '--integration <name>', about: 'only keys bound to this integration' },
  { flags: '--expiring-within <duration>', about: 'only keys that expire within, e.g. 14d' },
  { flags: '--unused-for <duration>', about: 'only keys not used for, e.g. 90d' },
];

/** For commands on several keys: which of them, and how many that should be. */
export const KEY_SELECTION: readonly Option[] = [
  WORKSPACE,
  ...KEY_FILTERS,
  { flags: '--match <term>', about: 'only keys with this in name or purpose' },
  { flags: '--all', about: 'all keys that are left' },
  { flags: '--expect <n>', about: 'do nothing unless exactly n keys fit' },
  FROM_STDIN,
  DRY_RUN,
];

export const LIMIT: readonly Option[] = [
  { flags: '--limit <n>', about: 'at most n (on a terminal 50; elsewhere all)' },
  { flags: '--after <cursor>', about: 'go on after the page that ended with this cursor' },
];

/** The options that every command takes, before or after the verb. */
export const GLOBALS: readonly Option[] = [
  { flags: '--json', about: 'answer as JSON' },
  { flags: '-q, --quiet', about: 'only identifiers' },
  { flags: '--no-input', about: 'never ask' },
  { flags: '--no-color', about: 'no colour' },
  { flags: '--actor <name>', about: 'who does this, for the audit log', completes: 'member' },
  { flags: '--slot <slot>', about: 'unlock with this slot (name, id or kind)', completes: 'slot' },
  { flags: '--key-file <file>', about: 'unlock with this key file', completes: 'file' },
  { flags: '--passphrase-file <file>', about: 'unlock with the passphrase in this file', completes: 'file' },
  { flags: '--passphrase-fd <n>', about: 'unlock with the passphrase from this file descriptor' },
];

/** Does the flag take a value? */
export function takesValue(option: Option): boolean {
  return option.flags.includes('<');
}

/** `-w` and `--workspace` of `-w, --workspace <ws>`. */
export function spellingsOf(option: Option): readonly string[] {
  return option.flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
}

/** The name under which a flag's value is kept (`allowIp` of `--allow-ip`), and whether it begins with `--no-`. */
export function flagOf(option: Option): { readonly name: string; readonly negated: boolean } {
  const long = spellingsOf(option).find((one) => one.startsWith('--')) ?? '';
  const negated = long.startsWith('--no-');
  const words = long.slice(negated ? 5 : 2);
  return { name: words.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()), negated };
}

/** The values in one occurrence of a flag that repeats: several where commas separate them. */
export function valuesOf(option: Option, value: string): readonly string[] {
  return option.commas === true ? value.split(',').map((part) => part.trim()) : [value];
}

/** A flag and its `--no-` that are both on the line; undefined when none are. Which of them was meant nobody can tell. */
export function contradiction(options: readonly Option[], argv: readonly string[]): string | undefined {
  const end = argv.indexOf('--');
  const given = new Set((end < 0 ? argv : argv.slice(0, end)).map((word) => word.split('=')[0]));
  const known = options.flatMap(spellingsOf);
  for (const no of known.filter((one) => one.startsWith('--no-') && given.has(one))) {
    const yes = `--${no.slice('--no-'.length)}`;
    if (known.includes(yes) && given.has(yes)) return `${yes} and ${no}`;
  }
  return undefined;
}
