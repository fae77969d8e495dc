import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newSecretKey, parseSecretKey } from '../../src/domain/keys/token.ts';
import { fakeRandom } from '../support/fake-ledger.ts';
import { Shell } from '../support/run-program.ts';

/** A secret of the same key that nobody was ever given: all it takes is the public key. */
function madeUp(secret: string): string {
  const parts = parseSecretKey(secret);
  if (parts === undefined) throw new Error('no secret key');
  return newSecretKey(parts, fakeRandom('made up')).reveal();
}

async function withKey(): Promise<{ shell: Shell; secret: string }> {
  const shell = await new Shell().init();
  return { shell, secret: await shell.createKey('billing') };
}

const STOPPING = [
  ['keys', 'revoke', '--yes'],
  ['keys', 'disable', '--yes'],
  ['keys', 'enable'],
  ['keys', 'rotate'],
  ['rotations', 'finish', '--yes'],
  ['rotations', 'rollback', '--yes'],
];

describe('a secret that was made up from the public key', () => {
  test.each(STOPPING)('is none: %s %s', async (...argv) => {
    const { shell, secret } = await withKey();
    for (const actor of ['ana', 'mallory']) {
      const ran = await shell.here([...argv, '--from-stdin', '--actor', actor], madeUp(secret));
      expect(ran, actor).toMatchObject({ code: 4, stdout: '' });
      expect(ran.stderr).toMatch(/is no secret of kw_pk_live_\w+, and never was/);
      expect(ran.stderr).not.toContain(madeUp(secret).slice(-40));
    }
    expect(await shell.status('billing')).toBe('active');
  });
});

describe('a secret in hand', () => {
  test.each([
    [{ KEYWRIGHT_PASSPHRASE_FILE: '/nonexistent' }],
    [{ KEYWRIGHT_SLOT: 'nosuch' }],
    [{ KEYWRIGHT_KEYCHAIN_TIMEOUT: 'abc' }],
    [{ KEYWRIGHT_KEY_FILE: '/nonexistent' }],
  ])('stops its key by role though the store can not be unlocked so: %j', async (env) => {
    const { shell, secret } = await withKey();
    const ran = await shell.run(['keys', 'revoke', '--from-stdin', '--yes'], { env, input: secret });
    expect(ran.code, ran.stderr).toBe(0);
    expect(await shell.status('billing')).toBe('revoked');
  });

  test('stops its key for who is no member, the older one of an overlap, too', async () => {
    const { shell, secret } = await withKey();
    await shell.answer(['keys', 'rotate', 'billing', '-q']);
    const mallory = ['--from-stdin', '--yes', '--actor', 'mallory'];
    expect(await shell.here(['keys', 'disable', ...mallory], secret)).toMatchObject({ code: 0 });
    expect(await shell.status('billing')).toBe('disabled');
  });

  test('that has ended says so, and counts only for who may stop the key anyway', async () => {
    const { shell, secret } = await withKey();
    await shell.answer(['keys', 'rotate', 'billing', '-q', '--grace', '0', '--yes']);
    const revoke = ['keys', 'revoke', '--from-stdin', '--yes'];
    const mallory = await shell.here([...revoke, '--actor', 'mallory'], secret);
    expect(mallory.code).toBe(4);
    expect(mallory.stderr).toContain('this is version 1 of billing, which has ended and opens nothing');
    expect(mallory.stderr).toContain('mallory is no member of acme');
    expect(await shell.status('billing')).toBe('active');
    expect(await shell.here(revoke, secret)).toMatchObject({ code: 0 });
  });

  test('can not be checked where nothing unlocks, which keeps no member from stopping the key', async () => {
    const { shell, secret } = await withKey();
    const key = join(shell.home, 'keywright.key');
    renameSync(key, `${key}.away`);
    const revoke = ['keys', 'revoke', '--from-stdin', '--yes'];
    const mallory = await shell.here([...revoke, '--actor', 'mallory'], secret);
    expect(mallory.code).toBe(4);
    expect(mallory.stderr).toContain("the secret was not checked, since the store can't be unlocked here");
    expect(await shell.status('billing')).toBe('active');
    expect(await shell.here(revoke, secret)).toMatchObject({ code: 0 });
    expect(await shell.status('billing')).toBe('revoked');
  });
});
