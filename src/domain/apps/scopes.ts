import { Failure } from '../../errors.ts';

declare const opaque: unique symbol;

/**
 * A scope of a provider: an opaque text that means something there alone. A type of its own, so that it is never
 * taken for a `resource:action` of ours, for which `*` and `:` have a meaning.
 */
export type ProviderScope = string & { readonly [opaque]: true };

/** `scope-token` of RFC 6749 section 3.3: printable ASCII without space, double quote and backslash. */
const TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const LONGEST = 1000;

/** How a provider writes lists of scopes: what stands between those asked for, and between those of its answer. */
export interface Separators {
  readonly asked: string;
  readonly granted: string;
}

/** RFC 6749: a space. */
const BY_SPACE: Separators = { asked: ' ', granted: ' ' };

/** Reads one scope, or says what is wrong with it. */
export function parseProviderScope(text: string): { scope: ProviderScope } | { reason: string } {
  if (text === '') return { reason: 'is empty' };
  if (text.length > LONGEST) return { reason: `is longer than ${LONGEST} characters` };
  if (!TOKEN.test(text)) return { reason: 'holds a character that no scope may have (RFC 6749)' };
  return { scope: text as ProviderScope };
}

/**
 * Reads the scopes that were typed, each flag one scope, in their order, each once. A comma separates nothing here:
 * it may be part of a scope. But where a comma separates scopes at the provider, in what is asked or what it answers,
 * a scope that holds one is refused: it would be read there as two, one of which nobody checked.
 *
 * @throws Failure `usage` naming the scope.
 */
export function readScopes(
  texts: readonly string[],
  separators: Separators = BY_SPACE,
): readonly ProviderScope[] {
  return once(
    texts.map((text) => {
      const parsed = parseProviderScope(text);
      if ('reason' in parsed) throw new Failure('usage', `scope "${shortened(text)}" ${parsed.reason}`);
      if (holds(parsed.scope, separators.asked + separators.granted)) {
        const hint = 'give each scope its own flag: --scope A --scope B';
        throw new Failure('usage', `scope "${shortened(text)}" holds what separates scopes there`, { hint });
      }
      return parsed.scope;
    }),
  );
}

/**
 * One text for the provider's scope parameter. It splits into exactly these scopes again, or isn't made at all.
 *
 * @throws Failure `usage` when a scope holds the separator.
 */
export function joinScopes(scopes: readonly ProviderScope[], separator: string): string {
  return readScopes(scopes, { asked: separator, granted: separator }).join(separator);
}

/**
 * The scopes of a provider's answer, in its order, each once. What is no scope grants nothing and is left out, so
 * that no text of the provider's gets further than this.
 */
export function splitScopes(text: string, separator: string): readonly ProviderScope[] {
  const parts = new Set(text.split(separator));
  const parsed = [...parts].map((part) => parseProviderScope(part.trim()));
  return once(parsed.flatMap((one) => ('scope' in one ? [one.scope] : [])));
}

/** What remains of some scopes, and what was taken from them; both in the order they were asked in. */
export interface Narrowed {
  readonly left: readonly ProviderScope[];
  readonly dropped: readonly ProviderScope[];
}

/**
 * What is left of the asked scopes under an allowlist. None (undefined) leaves everything; an empty one leaves
 * nothing. Scopes are compared whole and with case: what includes what is the provider's secret.
 */
export function narrow(
  asked: readonly ProviderScope[],
  allowlist: readonly ProviderScope[] | undefined,
): Narrowed {
  const allowed = allowlist === undefined ? undefined : new Set(allowlist);
  return divide(asked, (scope) => allowed === undefined || allowed.has(scope));
}

/** What is left of the asked scopes when these may not be had. */
export function withhold(asked: readonly ProviderScope[], restricted: readonly ProviderScope[]): Narrowed {
  const held = new Set(restricted);
  return divide(asked, (scope) => !held.has(scope));
}

/** The granted scopes seen from the asked: `mixed` when some are missing and others came instead. */
export interface Comparison {
  readonly kind: 'same' | 'narrower' | 'wider' | 'mixed';
  readonly missing: readonly ProviderScope[];
  readonly added: readonly ProviderScope[];
}

/** What a provider's answer calls otherwise or never lists; see `ScopeRules`. */
export interface AnswerHabits {
  readonly aliases?: Readonly<Record<string, string>>;
  readonly unsaid?: readonly string[];
}

/**
 * Compares what was granted with what was asked. An answer that doesn't say (undefined) grants just that (RFC 6749
 * section 5.1). `missing` is told in the words of the asked, `added` in those of the answer.
 */
export function compareScopes(
  asked: readonly ProviderScope[],
  granted: readonly ProviderScope[] | undefined,
  { aliases = {}, unsaid = [] }: AnswerHabits = {},
): Comparison {
  const inAnswer = (scope: string): string =>
    Object.hasOwn(aliases, scope) ? (aliases[scope] as string) : scope;
  const here = new Set([...(granted ?? asked), ...unsaid].map(inAnswer));
  const wanted = new Set(asked.map(inAnswer));
  const missing = divide(asked, (scope) => here.has(inAnswer(scope))).dropped;
  const added = divide(granted ?? asked, (scope) => wanted.has(inAnswer(scope))).dropped;
  return { kind: kindOf(missing.length > 0, added.length > 0), missing, added };
}

function kindOf(isMissing: boolean, isAdded: boolean): Comparison['kind'] {
  if (isMissing) return isAdded ? 'mixed' : 'narrower';
  return isAdded ? 'wider' : 'same';
}

function divide(scopes: readonly ProviderScope[], stays: (scope: ProviderScope) => boolean): Narrowed {
  const all = once(scopes);
  return { left: all.filter(stays), dropped: all.filter((scope) => !stays(scope)) };
}

function once(scopes: readonly ProviderScope[]): readonly ProviderScope[] {
  return [...new Set(scopes)];
}

function holds(scope: string, characters: string): boolean {
  return [...characters].some((character) => scope.includes(character));
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
