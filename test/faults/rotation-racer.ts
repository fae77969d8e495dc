import { createInterface } from 'node:readline';
import { disableKeys, revokeKeys } from '../../src/domain/keys/stop.ts';
import { issueVersion } from '../../src/domain/rotations/issue.ts';
import { Failure } from '../../src/errors.ts';
import { liveContext } from '../../src/live-context.ts';

/** One line for each line of stdin: `<kid> <ms to wait first>` gives `ok`, `ok <secret key>` or the code of a failure. */
async function race(does: string): Promise<void> {
  const context = liveContext(process).open({ json: true, input: false });
  const [ledger, access] = [await context.ledger('unlocked'), await context.operator()];
  const rotate = async (kid: string): Promise<string> => {
    const key = await ledger.store.keys.byKid(kid);
    if (key === undefined) throw new Error(`no key ${kid}`);
    const request = { graceMs: 3_600_000, delivery: does === 'deliver', check: false };
    const { secretKey } = await issueVersion(ledger, { access, random: context.random }, key, request);
    return `ok ${secretKey.reveal()}`;
  };
  const stop = does === 'disable' ? disableKeys : revokeKeys;
  const rotates = does === 'rotate' || does === 'deliver';
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const [kid = '', ms] = line.split(' ');
    const until = performance.now() + Number(ms);
    while (performance.now() < until);
    const said = rotates
      ? rotate(kid)
      : stop(ledger, { names: [`key_${kid}`], workspaceId: undefined }).then(() => 'ok');
    const answer = await said.catch((error) => {
      if (error instanceof Failure) return error.code;
      throw error;
    });
    process.stdout.write(`${answer}\n`);
  }
  await context.close();
}

await race(process.argv[2] ?? '');
