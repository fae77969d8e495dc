import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openVerifier, type Verifier } from '../src/index.ts';
import { openStore } from '../src/store/open.ts';
import { Shell } from './support/run-program.ts';

/** A store, and a verifier that is open in this process while commands run in others. */
async function open(): Promise<{ shell: Shell; verifier: Verifier; kw(...argv: string[]): Promise<string> }> {
  const shell = new Shell();
  const kw = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await shell.run(argv);
    if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${code}\n${stderr}`);
    return stdout.trim();
  };
  await kw('init', '--workspace', 'acme', '--unlock', 'key-file', '--no-recovery');
  const verifier = await openVerifier({ home: shell.home });
  onTestFinished(() => verifier.close());
  return { shell, verifier, kw };
}

/** Another look at the same store. */
async function look(shell: Shell) {
  const store = await openStore(`sqlite:${shell.database}`, {
    random: (size) => new Uint8Array(size).fill(7),
    platform: process.platform,
    uid: process.geteuid?.(),
    onWait: () => undefined,
  });
  onTestFinished(() => store.close());
  return store;
}

test('an integration that is disabled stops its keys at the very next call, and enabled it lets them go on', async () => {
  const { verifier, kw } = await open();
  await kw('integrations', 'create', 'shop');
  await kw('integrations', 'configure', 'shop');
  const token = await kw('keys', 'create', '--scope', 'orders:read', '--integration', 'shop');
  const other = await kw('keys', 'create', '--scope', 'orders:read', '--name', 'other');
  expect(await verifier.verify(token)).toMatchObject({ code: 'ok', integration: 'shop' });
  await kw('integrations', 'disable', 'shop', '--yes');
  expect(await verifier.verify(token)).toMatchObject({ code: 'disabled', http_status: 401 });
  expect((await verifier.verify(other)).code).toBe('ok');
  await kw('integrations', 'enable', 'shop');
  expect((await verifier.verify(token)).code).toBe('ok');
  await kw('integrations', 'remove', 'shop', '--revoke-keys', '--yes');
  expect((await verifier.verify(token)).code).toBe('revoked');
});

test('both secrets verify in an overlap, its end counts at once, and a late use is put on record', async () => {
  const { shell, verifier, kw } = await open();
  const older = await kw('keys', 'create', '--scope', 'orders:read', '--name', 'deploy');
  const newer = await kw('keys', 'rotate', 'deploy', '--grace', '1h', '-q');
  expect(await verifier.verify(older)).toMatchObject({ code: 'ok', version: 1 });
  expect(await verifier.verify(newer)).toMatchObject({
    code: 'ok',
    version: 2,
    expires_at: expect.any(String),
  });
  await kw('rotations', 'finish', 'deploy', '--yes');
  expect(await verifier.verify(older)).toMatchObject({ code: 'expired', version: 1 });
  expect((await verifier.verify(newer)).code).toBe('ok');
  await verifier.close();
  expect(await kw('audit', 'list', '--action', 'key.late-use')).toContain('"late_version":1');
  expect((await (await look(shell)).keys.byName(undefined, 'deploy'))[0]?.versionUsedAt).not.toBeNull();
  await kw('audit', 'verify');
  await kw('doctor');
});

test('a verifier is known while it runs, and no longer once it is closed', async () => {
  const { shell, verifier } = await open();
  const store = await look(shell);
  expect(await store.verifiers()).toEqual([
    { id: expect.any(String), pid: process.pid, reportedAt: expect.any(Number) },
  ]);
  await verifier.close();
  expect(await store.verifiers()).toEqual([]);
});

test('options that are none are wrong usage, as misspelt ones are', async () => {
  const { verifier } = await open();
  const none = null as unknown as undefined;
  await expect(openVerifier(none)).rejects.toMatchObject({ code: 'usage' });
  await expect(verifier.verify('x', none)).rejects.toMatchObject({ code: 'usage' });
  await verifier.close();
});

test('what was imported while it is open verifies, and a digest of it never does', async () => {
  const { shell, verifier, kw } = await open();
  const [raw, hashed] = ['a-token-of-another-system', 'one-that-came-as-a-digest'];
  const hex = createHash('sha256').update(hashed).digest('hex');
  expect((await verifier.verify(raw)).code).toBe('not_found');
  writeFileSync(join(shell.path, 'raw.txt'), `${raw}\n`);
  writeFileSync(join(shell.path, 'digests.csv'), `name,sha256,scopes\nlegacy,${hex},orders:read\n`);
  await kw('keys', 'import', 'raw.txt', '--format', 'lines', '--scope', 'orders:read');
  await kw('keys', 'import', 'digests.csv');
  for (const token of [raw, hashed])
    expect(await verifier.verify(token)).toMatchObject({ code: 'ok', version: 1 });
  for (const token of [hex, hex.toUpperCase(), Buffer.from(hex, 'hex').toString('base64')])
    expect((await verifier.verify(token)).code).toBe('not_found');
  const store = await look(shell);
  const foreign = { kind: 'sha256', key: 0, digest: createHash('sha256').update(hashed).digest() } as const;
  expect(await store.keys.byForeign(foreign)).toBeDefined();
  await verifier.close();
  expect(await store.keys.byForeign(foreign)).toBeUndefined();
  const { code, stdout } = await shell.run(['keys', 'verify', '--explain'], {
    input: `${raw}\n${hashed}\n${hex}\n`,
  });
  expect([code, stdout.split('\n').map((line) => line.split('\t')[2])]).toEqual([
    4,
    ['ok', 'ok', 'not_found', undefined],
  ]);
});
