import { format, inspect } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';

const CANARY = 'canary-7f3a9c';
const secret = new Secret(CANARY);
const circular: { secret: Secret; self?: unknown } = { secret };
circular.self = circular;

/** Every way in which a value becomes text without anybody asking for the secret. */
const WAYS: readonly (readonly [string, () => unknown])[] = [
  ['String()', () => String(secret)],
  ['a template', () => `${secret}`],
  ['adding to a string', () => `a${secret}`.concat(`${secret}`)],
  ['an array joined', () => [secret, secret].join()],
  ['JSON.stringify', () => JSON.stringify({ secret, list: [secret] })],
  ['JSON.stringify with a replacer', () => JSON.stringify({ secret }, (_, value: unknown) => value)],
  ['util.inspect', () => inspect({ secret, circular }, { depth: null, showHidden: true, getters: true })],
  [
    'util.inspect without custom inspection',
    () => inspect(secret, { customInspect: false, showHidden: true }),
  ],
  ['util.format', () => format('%s %o %O %j %d', secret, secret, secret, secret, secret)],
  ['a spread', () => inspect({ ...secret })],
  ['Object.entries', () => inspect([Object.entries(secret), Reflect.ownKeys(secret)])],
  ['Object.assign', () => inspect(Object.assign({}, secret))],
  ['structuredClone', () => inspect(structuredClone({ secret }))],
  ['v8.serialize', () => inspect(deserialize(serialize({ secret })))],
  ['the bytes of v8.serialize', () => serialize({ secret }).toString('latin1')],
  ['the cause of an error', () => inspect(new Error('it failed', { cause: secret }))],
  ['a property of an error', () => inspect(Object.assign(new Error('it failed'), { secret }))],
  ['an error made of it', () => new Error(String(secret)).stack],
  ['the key of an object', () => JSON.stringify({ [String(secret)]: 1 })],
  ['a number', () => String(Number(secret))],
  ['a Map', () => inspect(new Map([[secret, secret]]))],
];

test.each(WAYS)('%s does not show it', (_, show) => {
  const shown = String(show());
  expect(shown).not.toContain(CANARY);
  expect(shown).not.toContain(Buffer.from(CANARY).toString('base64'));
});

test('the ways that show something say that it is a secret', () => {
  expect([String(secret), `${secret}`, inspect(secret), JSON.stringify(secret)]).toEqual([
    '[secret]',
    '[secret]',
    '[secret]',
    '"[secret]"',
  ]);
});

test('a box with a plain field would be seen', () => {
  const naive = { value: CANARY };
  expect(inspect({ ...naive })).toContain(CANARY);
  expect(inspect(structuredClone(naive))).toContain(CANARY);
});

test('reveal gives exactly what was put in', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => new Secret(text).reveal() === text));
});
