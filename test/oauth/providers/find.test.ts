import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/errors.ts';
import { PROVIDERS } from '../../../src/oauth/providers/all.ts';
import { findProvider, requireProvider } from '../../../src/oauth/providers/find.ts';

function refusal(text: string): Failure {
  try {
    requireProvider(text);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`${text} was found`);
}

describe('finding a provider', () => {
  test.each(PROVIDERS.map((provider) => [provider.name, provider] as const))('%s', (name, provider) => {
    expect(findProvider(name)).toBe(provider);
    expect(requireProvider(name.toUpperCase())).toBe(provider);
    for (const host of provider.hosts) {
      expect(findProvider(host)).toBe(provider);
      expect(findProvider(`https://${host}`)).toBe(provider);
      expect(findProvider(`HTTPS://WWW.${host.toUpperCase()}/`)).toBe(provider);
    }
    if (provider.issuer !== undefined) expect(findProvider(provider.issuer)).toBe(provider);
  });

  test.each([
    '',
    ' github',
    'git hub',
    'githubb',
    'constructor',
    '__proto__',
    'localhost',
    'http://github.com',
    'https://github.com:8443',
    'https://ana@github.com/',
    'https://github.com/?a',
    'https://github.com/#',
    'https://github.com/login/oauth/',
    'https://github.com/login',
    'https://github.com.evil.example/',
    'https://evil.example/github.com',
    // Resources at a provider's host, or below it, have authorization servers of their own.
    'https://gitlab.com/api/v4/mcp',
    'https://mcp.linear.app',
    'https://mcp.notion.com/mcp',
    'javascript:github.com',
    'file:///github.com',
    'github.com/login/oauth',
    '\u0000',
    'https://',
    'https://[::1',
  ])('%j is none', (text) => {
    expect(findProvider(text)).toBeUndefined();
  });
});

describe('an unknown provider', () => {
  test('near a known one: that first, then the others, and the command corrected', () => {
    const failure = refusal('gihtub');
    expect([failure.code, failure.exitCode]).toEqual(['not_found', 3]);
    expect(failure.message).toBe('no built-in provider "gihtub"');
    expect(failure.hint).toMatch(/^did you mean github\? known: github, atlassian, .*gitlab.*zoom$/);
    expect(failure.retry).toEqual({ replace: 'gihtub', by: 'github' });
  });

  test('near none: all of them, and the way for any server', () => {
    const failure = refusal('https://id.acme.example/realms/a');
    expect(failure.hint).toContain('known: atlassian, bitbucket, ');
    expect(failure.hint).toMatch(/\{keywright\} apps register NAME --issuer URL$/);
    expect(failure.retry).toBeUndefined();
    for (const { name } of PROVIDERS) expect(failure.hint).toContain(name);
  });
});
