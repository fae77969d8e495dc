import { describe, expect, test } from 'vitest';
import { redirectOf, redirectOfApp } from '../../../src/commands/apps/redirect.ts';
import { requireProvider } from '../../../src/oauth/providers/find.ts';

const random = (size: number): Uint8Array => new Uint8Array(size).fill(255);
const never = (): never => {
  throw new Error('no port is drawn here');
};

describe('where the browser comes back to', () => {
  test.each([
    ['github', undefined, { port: null, register: 'http://127.0.0.1/callback', pasted: undefined }],
    ['google', undefined, { port: null, register: null, pasted: undefined }],
    ['github', 9000, { port: 9000, register: 'http://127.0.0.1:9000/callback', pasted: undefined }],
    ['linear', 9000, { port: 9000, register: 'http://127.0.0.1:9000/callback', pasted: undefined }],
    [
      'notion',
      9000,
      {
        port: 9000,
        register: 'https://127.0.0.1:9000/callback',
        pasted: 'https://127.0.0.1:9000/callback',
      },
    ],
  ])('of %s with port %s', (name, port, expected) => {
    expect(redirectOf(requireProvider(name), port, never)).toEqual(expected);
  });

  test.each([undefined, requireProvider('linear')])(
    'a server that compares letter by letter gets one port for each app, below those of the system',
    (provider) => {
      const { port, register } = redirectOf(provider, undefined, random);
      expect(port).toBe(17_535);
      expect(register).toBe('http://127.0.0.1:17535/callback');
      expect(redirectOf(provider, undefined, (size) => new Uint8Array(size)).port).toBe(17_000);
    },
  );

  test('of a registered app: the port that is given, else its own, else any', () => {
    const github = requireProvider('github');
    expect(redirectOfApp({ redirectPort: null }, github, undefined)).toEqual({
      port: null,
      pasted: undefined,
    });
    expect(redirectOfApp({ redirectPort: 9000 }, github, undefined).port).toBe(9000);
    expect(redirectOfApp({ redirectPort: 9000 }, undefined, 9001).port).toBe(9001);
    expect(redirectOfApp({ redirectPort: 9000 }, requireProvider('notion'), undefined).pasted).toBe(
      'https://127.0.0.1:9000/callback',
    );
  });
});
