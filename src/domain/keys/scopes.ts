/**
 * Scopes of our own keys: `resource:action`, each part `[a-z0-9][a-z0-9._-]*` or `*`. What does not
 * parse is refused when it is written and grants nothing when it is read.
 */
const PART = '(?:\\*|[a-z0-9][a-z0-9._-]*)';
const SCOPE = new RegExp(`^(${PART}):(${PART})$`);
const LONGEST = 200;

export const ACCESS_LEVELS = {
  read: ['*:read'],
  'read-write': ['*:read', '*:write'],
} as const satisfies Record<string, readonly string[]>;

/** Is the text a well-formed scope? */
export function isScope(text: string): boolean {
  return text.length <= LONGEST && SCOPE.test(text);
}

/** Does one granted scope cover one asked scope? Both parts must be equal, or `*` in the grant. */
export function covers(granted: string, asked: string): boolean {
  const grant = partsOf(granted);
  const ask = partsOf(asked);
  if (grant === undefined || ask === undefined) return false;
  return covered(grant[0], ask[0]) && covered(grant[1], ask[1]);
}

/** Does the list of granted scopes cover every asked one? */
export function coversAll(granted: readonly string[], asked: readonly string[]): boolean {
  return asked.every((scope) =>
    granted.some((grant) => (grant === scope ? isScope(scope) : covers(grant, scope))),
  );
}

/** `orders:read` for `read:orders`; undefined when the order looks right already. */
export function swapped(scope: string): string | undefined {
  const parts = partsOf(scope);
  if (parts === undefined) return undefined;
  const verbs = ['read', 'write', 'create', 'update', 'delete', 'list', 'admin'];
  return verbs.includes(parts[0]) && !verbs.includes(parts[1]) && parts[1] !== '*'
    ? `${parts[1]}:${parts[0]}`
    : undefined;
}

function covered(grant: string, asked: string): boolean {
  return grant === '*' || grant === asked;
}

function partsOf(scope: string): readonly [string, string] | undefined {
  if (scope.length > LONGEST) return undefined;
  const match = SCOPE.exec(scope);
  return match === null ? undefined : [match[1] as string, match[2] as string];
}
