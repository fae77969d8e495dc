import { closeSync, createReadStream, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import Database from 'better-sqlite3';
import { keywright } from '../program.js';
import { median } from '../statistics.js';

const KEYS = 1_000_000;
const MIB = 1024 * 1024;

/**
 * A backup through the program against the least that it can be: the database file copied by SQLite's backup API, and
 * those bytes through the same library into a file that is flushed. In turn, so that both have the same disk and processor.
 */
export const backup = {
  name: 'backup',
  async run({ stores, rounds }) {
    const home = await stores.copyOfSize(KEYS);
    const recipient = await identityToRecipient(await generateIdentity());
    const out = join(home, 'out.age');
    const ours = [];
    const bare = [];
    let size = 0;
    for (let round = 0; round < Math.min(rounds, 5); round++) {
      ours.push(
        await timed(async () => keywright(home, ['backup', 'create', out, '--recipient', recipient, '-q'])),
      );
      rmSync(out);
      bare.push(await timed(async () => (size = await copyAndEncrypt(home, recipient, out))));
      rmSync(out);
    }
    const ratio = median(bare) / median(ours);
    return [
      {
        what: `backup of ${KEYS.toLocaleString('en')} keys, ${Math.round(size / MIB)} MiB, one process`,
        figure: `${(median(ours) / 1000).toFixed(1)} s`,
        ratio: `${Math.round(100 * ratio)} % of the speed of copying and encrypting`,
        target: 'at least 40 %',
        met: ratio >= 0.4,
      },
    ];
  },
};

async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function copyAndEncrypt(home, recipient, out) {
  const aside = join(home, 'copy.db');
  const source = new Database(join(home, 'keywright.db'), { readonly: true });
  await source.backup(aside, { progress: () => 0x7fffffff });
  source.close();
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const { size } = statSync(aside);
  const sealed = await encrypter.encrypt(
    ReadableStream.from(createReadStream(aside, { highWaterMark: MIB })),
  );
  const file = openSync(out, 'wx', 0o600);
  let held = [];
  let length = 0;
  const flush = () => {
    writeSync(file, Buffer.concat(held));
    held = [];
    length = 0;
  };
  for await (const piece of sealed) {
    held.push(piece);
    length += piece.length;
    if (length >= MIB) flush();
  }
  flush();
  fsyncSync(file);
  closeSync(file);
  rmSync(aside);
  return size;
}
