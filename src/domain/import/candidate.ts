import type { ForeignDigest, Mode, StoredVerifier } from '../keys/key.ts';
import { parseNetwork } from '../keys/networks.ts';
import { isScope } from '../keys/scopes.ts';
import { parseName, parseText } from '../names.ts';
import { parseExpiry } from '../time.ts';
import type { Proof } from './proof.ts';
import type { BadRow, Field, Row } from './row.ts';

/** What holds for rows that don't say it themselves. */
export interface ImportDefaults {
  /** Empty: each row must say its own. */
  readonly scopes: readonly string[];
  readonly mode: Mode;
  readonly networks: readonly string[];
  /** ms; null means never; undefined: by the workspace's policy. */
  readonly expiresAt: number | null | undefined;
  /** undefined: the actor. */
  readonly owner: string | undefined;
}

/** A key to be, whose row is right in itself; what only the store knows is not checked yet. */
export interface Candidate extends Omit<ImportDefaults, 'owner'> {
  readonly line: number;
  readonly name: string | undefined;
  readonly purpose: string | null;
  readonly owner: string;
  /** Or is it the actor, for want of anybody else? */
  readonly ownerSaid: boolean;
  readonly found: ForeignDigest;
  /** Other digests under which the same token may be known already, or was. */
  readonly aliases: readonly ForeignDigest[];
  readonly verifier: StoredVerifier;
}

/** What checking a row needs. */
export interface RowRules {
  readonly now: number;
  readonly actor: string;
  readonly defaults: ImportDefaults;
  /** What proves a key of this row, or why nothing in it does. */
  proofOf(values: Row['values']): Proof | { readonly field?: Field; readonly reason: string };
}

type Complain = (field: Field, reason: string) => undefined;
type Value = string | readonly string[] | undefined;

/** Checks rows one by one. What many rows have in common is parsed once, and shared by their candidates. */
export function rowChecker(rules: RowRules): (row: Row) => Candidate | BadRow {
  const { now, defaults, actor } = rules;
  const scopes = remembered(scopesOf);
  const networks = remembered(networksOf);
  const expiries = new Map<string, ReturnType<typeof parseExpiry>>();

  function expiryOf(text: string, no: Complain): number | null | undefined {
    const known = expiries.get(text) ?? parseExpiry(text, now);
    expiries.set(text, known);
    return 'reason' in known ? no('expires', known.reason) : known.at;
  }

  return ({ line, values }) => {
    const complaints: { field: Field; reason: string }[] = [];
    const no: Complain = (field, reason) => void complaints.push({ field, reason });
    const checked = {
      name: nameOf('name', values.name, no),
      scopes: scopes(values.scopes, no) ?? defaults.scopes,
      expiresAt: values.expires === undefined ? defaults.expiresAt : expiryOf(`${values.expires}`, no),
      owner: nameOf('owner', values.owner, no) ?? defaults.owner ?? actor,
      ownerSaid: values.owner !== undefined || defaults.owner !== undefined,
      purpose: purposeOf(values.purpose, no),
      mode: modeOf(values.mode, no) ?? defaults.mode,
      networks: networks(values.networks, no) ?? defaults.networks,
    };
    if (checked.scopes.length === 0) no('scopes', 'is missing: a key without scopes may do nothing');
    const proof = rules.proofOf(values);
    if ('reason' in proof) return { line, ...proof };
    const [complaint] = complaints;
    return complaint === undefined ? { line, ...checked, ...proof } : { line, ...complaint };
  };
}

type ListRule = (items: readonly string[], no: Complain) => readonly string[] | undefined;

/** Applies the rule to each list once; lists that were wrong are looked at again, so that each row complains. */
function remembered(rule: ListRule): (value: Value, no: Complain) => readonly string[] | undefined {
  const known = new Map<string, readonly string[]>();
  return (value, no) => {
    if (value === undefined) return undefined;
    const key = typeof value === 'string' ? value : value.join('\0');
    const before = known.get(key);
    if (before !== undefined) return before;
    const items = typeof value === 'string' ? value.split(/[\s,]+/).filter((item) => item !== '') : value;
    const list = rule([...new Set(items)], no);
    if (list !== undefined) known.set(key, list);
    return list;
  };
}

function scopesOf(items: readonly string[], no: Complain): readonly string[] | undefined {
  if (items.length === 0) return no('scopes', 'is empty: a key without scopes may do nothing');
  if (items.every(isScope)) return items;
  return no('scopes', 'must be resource:action in lower case, such as orders:read or orders:*');
}

function networksOf(items: readonly string[], no: Complain): readonly string[] | undefined {
  const networks: string[] = [];
  for (const item of items) {
    const parsed = parseNetwork(item);
    if ('reason' in parsed) return no('networks', parsed.reason);
    networks.push(parsed.network);
  }
  return networks;
}

function nameOf(field: 'name' | 'owner', value: Value, no: Complain): string | undefined {
  if (value === undefined) return undefined;
  const parsed = parseName(`${value}`);
  return 'reason' in parsed ? no(field, parsed.reason) : parsed.name;
}

function purposeOf(value: Value, no: Complain): string | null {
  if (value === undefined) return null;
  const parsed = parseText(`${value}`);
  return 'reason' in parsed ? (no('purpose', parsed.reason) ?? null) : parsed.text;
}

function modeOf(value: Value, no: Complain): Mode | undefined {
  return value === undefined || value === 'live' || value === 'test' ? value : no('mode', 'is live or test');
}
