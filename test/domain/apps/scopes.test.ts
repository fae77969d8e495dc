import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareScopes,
  joinScopes,
  narrow,
  type ProviderScope,
  parseProviderScope,
  readScopes,
  splitScopes,
  withhold,
} from '../../../src/domain/apps/scopes.ts';
import { Failure } from '../../../src/errors.ts';
import { PROVIDERS } from '../../../src/oauth/providers/all.ts';

/** RFC 6749 section 3.3, read aloud. */
function isToken(text: string): boolean {
  const isAllowed = (code: number): boolean =>
    code === 0x21 || (code >= 0x23 && code <= 0x5b) || (code >= 0x5d && code <= 0x7e);
  return (
    text.length >= 1 && text.length <= 1000 && [...text].every((one) => isAllowed(one.codePointAt(0) ?? 0))
  );
}

const allowed = [...Array(0x7f).keys()]
  .map((code) => String.fromCharCode(code))
  .filter((one) => isToken(one));
const token = fc.string({
  unit: fc.constantFrom(...allowed),
  minLength: 1,
  maxLength: 8,
}) as fc.Arbitrary<ProviderScope>;
const anyText = fc
  .array(fc.integer({ min: 0, max: 0x1ff }), { maxLength: 6 })
  .map((codes) => String.fromCodePoint(...codes));
/** Few different ones, so that lists meet. */
const scope = fc.constantFrom(
  ...([
    'repo',
    'Repo',
    'admin:org',
    'https://a.example/auth/x',
    '*',
    '__proto__',
    'read',
    'offline_access',
  ] as ProviderScope[]),
);
const scopes = fc.array(scope, { maxLength: 6 });

function refusal(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('one scope', () => {
  test('is what RFC 6749 says', () => {
    fc.assert(
      fc.property(fc.oneof(token, anyText), (text) => 'scope' in parseProviderScope(text) === isToken(text)),
      { numRuns: 500 },
    );
  });

  test.each([
    ['', 'is empty'],
    ['a b', 'holds a character that no scope may have (RFC 6749)'],
    ['a"b', 'holds a character that no scope may have (RFC 6749)'],
    ['a\\b', 'holds a character that no scope may have (RFC 6749)'],
    ['a\n', 'holds a character that no scope may have (RFC 6749)'],
    ['é', 'holds a character that no scope may have (RFC 6749)'],
    ['a'.repeat(1001), 'is longer than 1000 characters'],
  ])('%j is refused', (text, reason) => {
    expect(parseProviderScope(text)).toEqual({ reason });
  });
});

describe('scopes from flags', () => {
  test('keep their order, each once, and a comma separates nothing', () => {
    expect(readScopes(['b', 'a', 'b', 'x,y'])).toEqual(['b', 'a', 'x,y']);
  });

  test.each([',', ' '])(
    'what %j separates anywhere at the provider is refused inside a scope',
    (separator) => {
      const failure = refusal(() =>
        readScopes(['repo', 'repo,admin:org'], { asked: ',', granted: separator }),
      );
      expect([failure.code, failure.message]).toEqual([
        'usage',
        'scope "repo,admin:org" holds what separates scopes there',
      ]);
      expect(failure.hint).toBe('give each scope its own flag: --scope A --scope B');
    },
  );

  test('no provider that reads a comma as a separator gets a scope with one past a restriction', () => {
    const readers = PROVIDERS.filter(({ scopes: { asked, granted } }) => `${asked}${granted}`.includes(','));
    expect(readers.map(({ name }) => name)).toEqual(['github', 'linear', 'slack']);
    for (const { scopes: rules } of readers) {
      expect(refusal(() => readScopes(['repo,admin:org'], rules)).code).toBe('usage');
    }
  });

  test('a long one is named shortly', () => {
    expect(refusal(() => readScopes(['a'.repeat(100_000)])).message.length).toBeLessThan(150);
  });
});

describe('writing and reading a list', () => {
  test('what was joined splits into the same, or was not joined', () => {
    const check = (list: readonly ProviderScope[], separator: string): boolean => {
      if (list.some((one) => one.includes(separator)))
        return refusal(() => joinScopes(list, separator)).code === 'usage';
      return splitScopes(joinScopes(list, separator), separator).join('\n') === [...new Set(list)].join('\n');
    };
    fc.assert(fc.property(fc.array(token, { maxLength: 5 }), fc.constantFrom(' ', ','), check), {
      numRuns: 1000,
    });
  });

  test.each([
    ['repo,gist', ',', ['repo', 'gist']],
    ['repo, gist', ',', ['repo', 'gist']],
    ['  read   write read ', ' ', ['read', 'write']],
    ['', ' ', []],
    [',', ',', []],
    ['ok \u001b[2J\u202e bad\u0000 \u0085', ' ', ['ok']],
    [`ok ${'a'.repeat(1001)}`, ' ', ['ok']],
    ['x,y', ' ', ['x,y']],
  ])('%j by %j', (text, separator, list) => {
    expect(splitScopes(text, separator)).toEqual(list);
  });

  test('1 MB is answered at once', () => {
    expect(splitScopes('a '.repeat(500_000), ' ')).toEqual(['a']);
    expect(splitScopes('\u0000'.repeat(1_000_000), ' ')).toEqual([]);
  });
});

describe('narrowing', () => {
  test('divides the asked, in their order, and the allowlist decides', () => {
    const check = (asked: readonly ProviderScope[], list: readonly ProviderScope[]): void => {
      const { left, dropped } = narrow(asked, list);
      const each = [...new Set(asked)];
      expect([...left, ...dropped].sort()).toEqual([...each].sort());
      expect(left).toEqual(each.filter((one) => list.includes(one)));
      expect(dropped).toEqual(each.filter((one) => !list.includes(one)));
      // Once more changes nothing, and a longer allowlist never leaves less.
      expect(narrow(left, list)).toEqual({ left, dropped: [] });
      expect(narrow(asked, [...list, ...asked]).left).toEqual(each);
      // Withholding is the other half.
      expect(withhold(asked, list)).toEqual({ left: dropped, dropped: left });
    };
    fc.assert(fc.property(scopes, scopes, check), { numRuns: 500 });
  });

  test('no allowlist allows everything, an empty one nothing', () => {
    const asked = readScopes(['repo', 'read']);
    expect(narrow(asked, undefined)).toEqual({ left: ['repo', 'read'], dropped: [] });
    expect(narrow(asked, [])).toEqual({ left: [], dropped: ['repo', 'read'] });
  });

  test('scopes are compared whole and with case', () => {
    const list = readScopes(['repo', '*', 'read']);
    expect(narrow(readScopes(['Repo', 'repo:status', 're', 'constructor']), list).left).toEqual([]);
  });
});

describe('granted against asked', () => {
  test('agrees with sets', () => {
    const check = (asked: readonly ProviderScope[], granted: readonly ProviderScope[]): void => {
      const { kind, missing, added } = compareScopes(asked, granted);
      expect(missing).toEqual([...new Set(asked)].filter((one) => !granted.includes(one)));
      expect(added).toEqual([...new Set(granted)].filter((one) => !asked.includes(one)));
      const kinds = { '00': 'same', '10': 'narrower', '01': 'wider', '11': 'mixed' } as const;
      expect(kind).toBe(kinds[`${missing.length > 0 ? 1 : 0}${added.length > 0 ? 1 : 0}`]);
      expect(compareScopes(asked, asked).kind).toBe('same');
      const back = compareScopes(granted, asked);
      expect([back.missing, back.added]).toEqual([added, missing]);
    };
    fc.assert(fc.property(scopes, scopes, check), { numRuns: 500 });
  });

  test('an answer that does not say grants what was asked; an empty one nothing', () => {
    const asked = readScopes(['repo']);
    expect(compareScopes(asked, undefined)).toEqual({ kind: 'same', missing: [], added: [] });
    expect(compareScopes(asked, [])).toEqual({ kind: 'narrower', missing: ['repo'], added: [] });
  });

  test('a name the provider uses instead counts, and what it never lists is not missing', () => {
    const rules = { aliases: { email: 'https://a.example/email' }, unsaid: ['offline_access'] };
    const asked = readScopes(['email', 'offline_access', 'drive']);
    const answer = readScopes(['https://a.example/email', 'openid']);
    expect(compareScopes(asked, answer, rules)).toEqual({
      kind: 'mixed',
      missing: ['drive'],
      added: ['openid'],
    });
    expect(compareScopes(asked, undefined, rules).kind).toBe('same');
    expect(compareScopes(readScopes(['constructor']), [], rules).missing).toEqual(['constructor']);
  });
});
