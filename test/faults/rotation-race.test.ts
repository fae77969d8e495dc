import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openVerifier } from '../../src/index.ts';
import { brokenProgram } from '../support/broken-program.ts';
import { manyKeys } from '../support/many-keys.ts';
import { inTurn, type Ran, Shell } from '../support/run-program.ts';
import { inDatabase, rotationStore, unsoundRotation, verified } from './rotation-store.ts';
import { attempt, findingsOf } from './soundness.ts';

const DRIVER = createRequire(import.meta.url).resolve('better-sqlite3');
const RACER = fileURLToPath(new URL('rotation-racer.ts', import.meta.url));
const SECRET = /kw_sk_live_[0-9A-Za-z]{61}/;

describe('twenty processes that rotate one key at once (case 46)', () => {
  test('make one successor of each generation; the others are told', async () => {
    const store = await rotationStore();
    const { shell, old } = store;
    const runs = await twentyAtOnce(shell);
    expect(outcome(runs)).toEqual([]);
    const winners = runs.filter(({ code }) => code === 0);
    const secrets = winners.map(({ stdout }) => SECRET.exec(stdout)?.[0] ?? '');

    const { version, older, rotations, actions, sealed } = inDatabase(shell);
    const generations = Array.from({ length: winners.length + 1 }, (_, i) => i + 1);
    expect(version).toBe(generations.at(-1));
    expect(older.map((one) => one.version)).toEqual(generations.slice(0, -1));
    expect(rotations.map((one) => [one.from_version, one.to_version, one.state])).toEqual(
      generations.slice(0, -1).map((from) => [from, from + 1, 'finished']),
    );
    expect(actions.filter((action) => action === 'key.rotate')).toHaveLength(winners.length);
    expect(sealed).toBe(0);
    // Each is another generation, the newest among them; within their grace all of them verify.
    expect([...(await verified(shell, [old, ...secrets]))].sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual(
      generations,
    );
    expect((await attempt(shell, ['audit', 'verify'])).code).toBe(0);
    expect(findingsOf(await attempt(shell, ['doctor', '--json']))).toEqual([]);
  });

  test('broken variant: whoever comes later rotates what another has just made', async () => {
    const { shell } = await rotationStore();
    shell.program = await brokenProgram({
      file: 'src/domain/rotations/issue.ts',
      was: 'if (key.revokedAt === null && key.version !== read.version) throw rotatedMeanwhile(key);',
      becomes: '',
    });
    expect(outcome(await twentyAtOnce(shell))).toEqual(['nobody lost, so nothing was raced']);
  });

  test('and deliver it: one journal, and never another secret', async () => {
    const store = await rotationStore('--grace', '1h');
    const { shell, place } = store;
    const argv = ['keys', 'rotate', 'deploy', ...store.deliver];
    const put = argv[argv.indexOf('--deliver') + 1];
    argv[argv.indexOf('--deliver') + 1] = `sh -c 'echo >> ${place}/runs; sleep 3; exec ${put}'`;
    const runs = await inTurn(Array.from({ length: 20 }), () => shell.run(argv), 20);
    expect(outcome(runs)).toEqual([]);
    const { version, rotations } = inDatabase(shell);
    const winners = runs.filter(({ code }) => code === 0);
    expect([version, rotations.length]).toEqual([1 + winners.length, winners.length]);
    expect(readFileSync(`${place}/runs`, 'utf8')).toBe('\n'.repeat(winners.length));
    expect(await unsoundRotation(store)).toEqual([]);
    const refused = runs.filter(({ stderr }) => stderr.includes('is being rotated by another process'));
    // Who looks in the moment in which the holder has just let go of it learns of no number.
    expect(refused.some(({ stderr }) => /process \d+/.test(stderr))).toBe(true);
  });

  /** All of them have begun before one can write. */
  async function twentyAtOnce(shell: Shell): Promise<readonly Ran[]> {
    const release = await holdWrites(shell);
    const lines = Array.from({ length: 20 }, (_, i) =>
      i % 4 === 0 ? ['--json'] : i % 4 === 1 ? ['-q'] : [],
    );
    const running = inTurn(lines, (flags) => shell.run(['keys', 'rotate', 'deploy', ...flags]), 20);
    // The first of them have read the key and wait for the lock by then.
    setTimeout(release, 2500);
    return running;
  }

  /** What is wrong with how they ended: one or more won, and the others were told that they had not. */
  function outcome(runs: readonly Ran[]): readonly string[] {
    const wrong = runs
      .filter(({ code }) => code !== 0 && code !== 5)
      .map(({ code, stderr }) => `${code} ${stderr}`);
    const lost = runs.filter(({ code }) => code === 5);
    for (const { stdout, stderr } of lost) {
      if (stdout !== '' || SECRET.test(stderr)) wrong.push(`a loser said ${stdout}${stderr}`);
      if (!/rotated meanwhile|being rotated by another process|a delivery of deploy is open/.test(stderr))
        wrong.push(stderr);
    }
    if (lost.length === 0) wrong.push('nobody lost, so nothing was raced');
    if (lost.length === runs.length) wrong.push('nobody won');
    return wrong;
  }
});

describe('a rotation and, at the same moment', () => {
  test('a revocation: whatever wins, no secret of the key verifies (case 47, 1,000 rounds)', async () => {
    const seen = await rounds(1000, 'rotate', 'revoke', ['revoked', 'revoked']);
    expect(seen.wrong).toEqual([]);
    // Both orders were raced, or nothing is proven.
    expect(seen.rotated).toBeGreaterThan(10);
    expect(seen.refused).toBeGreaterThan(10);
  }, 90_000);

  test('a revocation, with a delivery: none is left open', async () => {
    const seen = await rounds(200, 'deliver', 'revoke', ['revoked', 'revoked']);
    expect(seen.wrong).toEqual([]);
    expect(seen.rotated).toBeGreaterThan(10);
    expect(seen.open).toBe(0);
    expect(seen.sealed).toBe(0);
  });

  test('a pause: the key stays paused (200 rounds)', async () => {
    const seen = await rounds(200, 'rotate', 'disable', ['disabled', 'disabled']);
    expect(seen.wrong).toEqual([]);
    expect(seen.rotated).toBe(200);
  });
});

/** Races two processes on one key after the other. Each secret of each key is tried when both are done. */
async function rounds(
  count: number,
  rotates: string,
  stops: string,
  codes: readonly [old: string, made: string],
) {
  const shell = await new Shell().init();
  const keys = await manyKeys(shell.env, count);
  const [one, two] = await Promise.all([racer(shell, rotates), racer(shell, stops)]);
  const verifier = await openVerifier({ home: shell.home });
  onTestFinished(() => verifier.close());
  const wrong: string[] = [];
  let [rotated, refused] = [0, 0];
  for (const [round, { kid, secret }] of keys.entries()) {
    // Each gets ahead of the other by up to some milliseconds.
    const lead = (round % 9) - 4;
    const [made, stopped] = await Promise.all([one(kid, Math.max(0, lead)), two(kid, Math.max(0, -lead))]);
    if (stopped !== 'ok') wrong.push(`round ${round}: stopping it: ${stopped}`);
    if (made.startsWith('ok ')) rotated++;
    else if (made === 'wrong_state' || made === 'changed') refused++;
    else wrong.push(`round ${round}: rotating it: ${made}`);
    const code = (await verifier.verify(secret)).code;
    if (code !== codes[0]) wrong.push(`round ${round}: the old secret is ${code}`);
    if (!made.startsWith('ok ')) continue;
    const next = (await verifier.verify(made.slice(3))).code;
    if (next !== codes[1]) wrong.push(`round ${round}: the new secret is ${next}`);
  }
  const { code, stderr } = await attempt(shell, ['audit', 'verify']);
  if (code !== 0) wrong.push(stderr);
  const db = new Database(shell.database, { readonly: true });
  const number = (sql: string): number => Object.values(db.prepare(sql).get() as { n: number })[0] as number;
  const open = number("SELECT count(*) AS n FROM rotations WHERE state NOT IN ('finished', 'rolled-back')");
  const sealed = number("SELECT count(*) AS n FROM sealed WHERE field = 'secret'");
  db.close();
  return { wrong, rotated, refused, open, sealed };
}

/** A process that rotates or stops one key after the other, each when it is told. */
async function racer(shell: Shell, does: string): Promise<(kid: string, ms: number) => Promise<string>> {
  const child = spawn(process.execPath, ['--no-warnings', RACER, does], {
    env: shell.env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => (await lines.next()).value ?? 'it ended';
  expect(await answer()).toBe('ready');
  return (kid, ms) => {
    child.stdin.write(`${kid} ${ms}\n`);
    return answer();
  };
}

/** Another process that is writing until it is released. */
async function holdWrites(shell: Shell): Promise<() => void> {
  const script = `const db = new (require(process.argv[1]))(process.argv[2]);
    db.exec('BEGIN IMMEDIATE');
    console.log('held');
    process.stdin.on('data', () => { db.exec('ROLLBACK'); process.exit(); });`;
  const holder = spawn(process.execPath, ['-e', script, DRIVER, shell.database], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  return () => void holder.stdin.write('x');
}
