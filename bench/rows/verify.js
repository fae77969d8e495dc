import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { besideNode, command, memoryLine, middle, timeLine } from '../children.js';
import { withKeyring } from '../keyring.js';
import { isActive, tokenOf } from '../keys.js';
import { keywright } from '../program.js';

const MANY = 1_000_000;
const PASSPHRASE = 'four score and seven years';

/** A file with the secret keys of these numbers, one a line. */
function fileOf(bench, name, numbers) {
  const file = join(bench.stores.scratch, name);
  writeFileSync(file, numbers.map((number) => `${tokenOf(number).secretKey}\n`).join(''), {
    mode: 0o600,
  });
  return file;
}

/** `size` numbers of keys that verify, spread over the whole store. */
export function activeNumbers(size, count) {
  const numbers = [];
  for (let at = 0; numbers.length < size; at = (at + 611_953) % count) if (isActive(at)) numbers.push(at);
  return numbers;
}

/** One key, a different one in every round, so that its last use is written, too. */
export const verify = {
  name: 'verify',
  async run(bench) {
    const home = await bench.stores.ofSize(MANY);
    const files = activeNumbers(bench.rounds + 1, MANY).map((number) =>
      fileOf(bench, `key-${number}`, [number]),
    );
    const same = fileOf(bench, 'same-key', activeNumbers(1, MANY));
    const fresh = (round) => command(['keys', 'verify'], home, { stdin: files[round + 1] });
    const { node, runs } = await besideNode(bench, [
      fresh,
      command(['keys', 'verify'], home, { stdin: same }),
    ]);
    const what = '`keys verify`, one key among 1,000,000, key-file slot';
    return [
      timeLine(`${what}, first use in this hour`, runs[0], node, { times: 1.7 }),
      timeLine(`${what}, used before`, runs[1], node, { times: 1.7 }),
    ];
  },
};

export const keychain = {
  name: 'keychain',
  async run(bench) {
    const what = '`keys verify`, one key among 1,000,000, keychain slot';
    return withKeyring(what, async (env) => {
      const home = await bench.stores.changing(MANY);
      keywright(home, ['slots', 'add', '--kind', 'keychain', '--name', 'bench', '-q'], { env });
      const stdin = fileOf(bench, 'keychain-key', activeNumbers(1, MANY));
      const { node, runs } = await besideNode(bench, [
        command(['keys', 'verify', '--slot', 'bench'], home, { stdin, env }),
        command(['keys', 'verify'], home, { stdin }),
      ]);
      const more = middle(runs[0], 'wall') - middle(runs[1], 'wall');
      const line = timeLine(what, runs[0], node, { times: 1.7, plus: 70 });
      return [{ ...line, note: `${more.toFixed(0)} ms more than with the key file` }];
    });
  },
};

export const bulk = {
  name: 'bulk',
  async run(bench) {
    const home = await bench.stores.ofSize(MANY);
    const amount = 100_000;
    const numbers = activeNumbers(amount / 2, MANY);
    const stdin = fileOf(bench, 'bulk', [...numbers, ...numbers]);
    const rounds = Math.min(bench.rounds, 5);
    const { runs } = await besideNode({ ...bench, rounds }, [command(['keys', 'verify'], home, { stdin })]);
    const rate = (1000 * amount) / middle(runs[0], 'wall');
    return [
      {
        what: '`keys verify`, a pipe of 100,000 keys, 1,000,000 in the store',
        figure: `${Math.round(rate).toLocaleString('en')} keys a second`,
        target: 'at least 25,000',
        met: rate >= 25_000,
      },
    ];
  },
};

export const memory = {
  name: 'memory',
  async run(bench) {
    const home = await bench.stores.changing(MANY);
    const passphrase = join(bench.stores.scratch, 'passphrase');
    writeFileSync(passphrase, PASSPHRASE, { mode: 0o600 });
    keywright(home, [
      'slots',
      'add',
      '--kind',
      'passphrase',
      '--name',
      'words',
      '--from-file',
      passphrase,
      '-q',
    ]);
    const numbers = activeNumbers(50_000, MANY);
    const [one, some, many] = [1, 5_000, 50_000].map((size) =>
      fileOf(bench, `${size}-keys`, numbers.slice(0, size)),
    );
    const rounds = Math.min(bench.rounds, 7);
    const verifying = (stdin, ...more) => command(['keys', 'verify', ...more], home, { stdin });
    const { node, runs } = await besideNode({ ...bench, rounds }, [
      verifying(one),
      verifying(some),
      verifying(many),
      verifying(one, '--slot', 'words', '--passphrase-file', passphrase),
    ]);
    const growth = middle(runs[2], 'memory') / middle(runs[1], 'memory');
    return [
      memoryLine('peak memory, one key', runs[0], node, { times: 1.7 }),
      memoryLine('peak memory, 5,000 keys', runs[1], node, { times: 2.5 }),
      {
        ...memoryLine('peak memory, 50,000 keys', runs[2], node, { times: 2.5 }),
        note: `${growth.toFixed(2)} × that of 5,000`,
      },
      memoryLine('peak memory, one key, passphrase slot', runs[3], node, { times: 1.7, plus: 70 }),
    ];
  },
};
