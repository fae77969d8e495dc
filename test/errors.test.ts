import { expect, test } from 'vitest';
import { ERRORS, type ErrorCode, EXIT, Failure } from '../src/errors.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

test('the exit codes are those of the contract', () => {
  expect(EXIT).toEqual({
    ok: 0,
    failed: 1,
    usage: 2,
    notFound: 3,
    denied: 4,
    conflict: 5,
    locked: 6,
    network: 7,
    reauthorize: 8,
    incomplete: 9,
    findings: 10,
    noStore: 11,
    busy: 12,
    cancelled: 130,
  });
});

test.each(CODES)('%s has a name for machines, a meaning for people and an exit code', (code) => {
  expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  expect(ERRORS[code].meaning).toMatch(/^[a-z].*[^.]$/);
  expect(Object.values(EXIT)).toContain(ERRORS[code].exit);
  expect(ERRORS[code].exit).not.toBe(0);
});

test.each([
  ['usage', 2],
  ['needs_yes', 2],
  ['not_found', 3],
  ['not_verified', 4],
  ['exists', 5],
  ['changed', 5],
  ['keychain_timeout', 6],
  ['findings', 10],
  ['store_rolled_back', 11],
  ['busy', 12],
  ['cancelled', 130],
] as const)('%s ends with %i', (code, exit) => {
  expect(new Failure(code, 'it failed').exitCode).toBe(exit);
});

test('a failure carries sentence, hint and cause', () => {
  const cause = new Error('EACCES');
  const failure = new Failure('store_readonly', 'the store cannot be written', { hint: 'chmod it', cause });
  expect(failure).toMatchObject({
    name: 'Failure',
    message: 'the store cannot be written',
    hint: 'chmod it',
    cause,
  });
  expect(failure).toBeInstanceOf(Error);
  expect('cause' in new Failure('busy', 'try again')).toBe(false);
});
