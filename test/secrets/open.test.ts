import { createHmac } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SlotRecord } from '../../src/domain/ports/secrets.ts';
import { Secret } from '../../src/domain/secret.ts';
import { formatKeyFile, parseKeyFile } from '../../src/secrets/slots/key-file/format.ts';
import {
  bitFlips,
  failureOf,
  lockedStore,
  makeSecrets,
  mark,
  otherLengths,
  STORE,
  shellHelper,
  sources,
} from './fixture.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywright-secrets-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const secrets = makeSecrets();
const TWO_KEYS = formatKeyFile(['A', 'B'].map((id) => ({ id: id.repeat(22), key: Buffer.alloc(32, id) })));
const place = { record: 'cred_1', field: 'value', version: 1 };

/** A store with an operator's and a verifier's key file. */
async function keyFileStore() {
  const { access, pepper } = secrets.create(STORE, 1);
  const [operatorFile, verifierFile] = [join(folder, 'operator.key'), join(folder, 'verifier.key')];
  const operator = await access.addSlot({
    name: 'ops',
    kind: 'key-file',
    role: 'operator',
    keyFile: operatorFile,
  });
  const verifier = await access.addSlot({
    name: 'app',
    kind: 'key-file',
    role: 'verifier',
    keyFile: verifierFile,
  });
  return {
    access,
    operator,
    verifier,
    operatorFile,
    verifierFile,
    store: lockedStore([operator, verifier], [pepper]),
  };
}

describe('unlocking', () => {
  test('an operator gets everything, a verifier the hashes alone', async () => {
    const { access, store, verifier, operator } = await keyFileStore();
    const sealed = access.seal(new Secret('canary'), place);
    const again = await secrets.unlockOperator(store, sources());
    expect(again.slot).toBe(operator);
    expect(again.open(sealed).reveal()).toBe('canary');
    expect(mark(again)).toBe(mark(access));
    expect(again.audit.seal(1, Buffer.alloc(32))).toEqual(access.audit.seal(1, Buffer.alloc(32)));
    expect(again.audit.seal(1, Buffer.alloc(32))).not.toEqual(access.audit.seal(2, Buffer.alloc(32)));
    const verifying = await secrets.unlockVerifier(store, sources());
    expect(verifying.slot).toBe(verifier);
    expect(mark(verifying)).toBe(mark(access));
    expect(Object.keys(verifying).sort()).toEqual(['hasher', 'slot']);
  });

  test("a verifier slot relabelled as an operator's opens nothing", async () => {
    const { store, verifier } = await keyFileStore();
    for (const header of [verifier.header, verifier.header.replace('verifier', 'operator')]) {
      const forged: SlotRecord = { ...verifier, role: 'operator', header };
      const slots = { ...store, slots: [forged], primarySlot: forged.id };
      expect((await failureOf(() => secrets.unlockOperator(slots, sources()))).code).toBe('slot_damaged');
    }
  });

  test('without its verifier slot at hand, verifying takes the primary', async () => {
    const { access, store, operator, verifierFile } = await keyFileStore();
    rmSync(verifierFile);
    const verifying = await secrets.unlockVerifier(store, sources());
    expect(verifying.slot).toBe(operator);
    expect(mark(verifying)).toBe(mark(access));
  });

  test("a verifier's key file that holds another key is not at hand", async () => {
    const { store, operator, operatorFile, verifierFile } = await keyFileStore();
    writeFileSync(verifierFile, readFileSync(operatorFile));
    expect((await secrets.unlockVerifier(store, sources())).slot).toBe(operator);
  });

  test.each([
    ['open to others', (file: string) => chmodSync(file, 0o644)],
    ['damaged', (file: string) => writeFileSync(file, 'keywright-key/1 \n')],
    ['not a plain file', (file: string) => [rmSync(file), mkdirSync(file, { mode: 0o700 })]],
  ])("a verifier's key file that is %s is said, and no operator's slot is opened", async (says, spoil) => {
    const { store, verifierFile } = await keyFileStore();
    spoil(verifierFile);
    const failure = await failureOf(() => secrets.unlockVerifier(store, sources()));
    expect(failure.code).toBe('key_file_unusable');
    expect(failure.message).toContain(`${verifierFile} is`);
    expect(failure.message).toContain(says);
  });

  test('a slot of a kind that there is none of is damaged', async () => {
    const { store, operator } = await keyFileStore();
    const edited = { ...operator, kind: 'carrier-pigeon' as SlotRecord['kind'] };
    const ways = [
      () => secrets.unlockOperator({ ...store, slots: [edited] }, sources()),
      () => secrets.test(store, edited, sources()),
      () => secrets.discard(edited),
      () => secrets.settle(operator, edited),
    ];
    for (const way of ways) {
      const failure = await failureOf(way);
      expect([failure.code, failure.message]).toEqual([
        'slot_damaged',
        'slot ops is damaged: there is no kind of slot "carrier-pigeon"',
      ]);
    }
  });

  test('a missing key file is said, and no other kind of slot is tried', async () => {
    const { access, store, operatorFile } = await keyFileStore();
    const passphrase = 'correct horse battery';
    const recovery = await access.addSlot({
      name: 'recovery',
      kind: 'passphrase',
      role: 'operator',
      passphrase: new Secret(passphrase),
    });
    rmSync(operatorFile);
    const asked: string[] = [];
    const watching = {
      passphraseGiven: false,
      async passphrase(name: string) {
        asked.push(name);
        return new Secret(passphrase);
      },
    };
    const both = { ...store, slots: [...store.slots, recovery] };
    expect((await failureOf(() => secrets.unlockOperator(both, watching))).code).toBe('key_file_unusable');
    expect(asked).toEqual([]);
    expect(mark(await secrets.unlockOperator(both, { ...watching, slot: 'recovery' }))).toBe(mark(access));
  });

  test('several passphrase slots are tried with one question', async () => {
    const { access, pepper } = secrets.create(STORE, 1);
    const add = (name: string, passphrase: string) =>
      access.addSlot({ name, kind: 'passphrase', role: 'operator', passphrase: new Secret(passphrase) });
    const slots = [await add('one', 'passphrase number one'), await add('two', 'passphrase number two')];
    const asked: string[] = [];
    const opened = await secrets.unlockOperator(lockedStore(slots, [pepper]), {
      passphraseGiven: true,
      async passphrase(name) {
        asked.push(name);
        return new Secret('passphrase number two');
      },
    });
    expect(opened.slot.name).toBe('two');
    expect(asked).toEqual(['one']);
  });

  test('keys are nowhere to be found on an access', async () => {
    const { access, store, operatorFile } = await keyFileStore();
    const wrapping = parseKeyFile(readFileSync(operatorFile, 'utf8'))?.[0]?.key ?? Buffer.alloc(0);
    const shown = inspect([access, await secrets.unlockOperator(store, sources())], {
      depth: 9,
      showHidden: true,
    });
    expect(shown).not.toMatch(/KeyObject|<Buffer/);
    expect(shown).not.toContain(Buffer.from(wrapping).toString('base64url'));
  });
});

describe('verifying, with a verifier slot in the keychain and a key file as primary', () => {
  async function bothKinds() {
    const { access, pepper } = secrets.create(STORE, 1);
    const file = await access.addSlot({
      name: 'ops',
      kind: 'key-file',
      role: 'operator',
      keyFile: join(folder, 'key'),
    });
    const header = 'keywright-slot/1 keychain verifier service=keywright account=AAAAAAAAAAAAAAAAAAAAAA';
    const keychain: SlotRecord = {
      ...file,
      id: 'slot_k',
      name: 'app',
      kind: 'keychain',
      role: 'verifier',
      header,
    };
    return { access, file, store: lockedStore([file, keychain], [pepper]) };
  }
  const answering = (text: string) => makeSecrets({ keychain: shellHelper(`echo '{"error":"${text}"}'`) });

  test.each(['autolaunch', 'not provided by any .service files'])(
    'no keychain (%s): the primary',
    async (text) => {
      const { access, file, store } = await bothKinds();
      const verifying = await answering(text).unlockVerifier(store, sources());
      expect([verifying.slot, mark(verifying)]).toEqual([file, mark(access)]);
    },
  );

  test.each([
    ['died', 'exit 7', /ended without an answer/],
    ['printed garbage', 'echo hello', /no answer/],
    ['met a dead bus', `echo '{"error":"Failed to connect to socket /x"}'`, /does not answer/],
  ])("a helper that %s is said, and no operator's slot is opened", async (_, script, says) => {
    const { store } = await bothKinds();
    const broken = makeSecrets({ keychain: shellHelper(script) });
    const failure = await failureOf(() => broken.unlockVerifier(store, sources()));
    expect(failure.code).toBe('keychain_unavailable');
    expect(failure.message).toMatch(says);
    expect(failure.hint).toContain('--slot ops');
  });

  test('an entry that is missing: the primary', async () => {
    const { file, store } = await bothKinds();
    const value = '\\("value":"[^"]*"\\)';
    const empty = shellHelper(
      `case "$request" in *probe*) echo "{$(echo "$request" | sed 's/.*${value}.*/\\1/')}";; *) echo '{"value":null}';; esac`,
    );
    const verifying = await makeSecrets({ keychain: empty }).unlockVerifier(store, sources());
    expect(verifying.slot).toBe(file);
  });

  test.each([
    ['object locked', 'keychain_locked'],
    ['the user canceled', 'keychain_declined'],
  ])('%s is said', async (text, code) => {
    const { store } = await bothKinds();
    expect((await failureOf(() => answering(text).unlockVerifier(store, sources()))).code).toBe(code);
  });
});

describe('a slot that was changed', () => {
  test('every bit and length of header and wrapped key, other slots, stores and peppers', async () => {
    const { store, operator, verifier } = await keyFileStore();
    const header = Buffer.from(operator.header);
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
    const broken: SlotRecord[] = [
      ...[...bitFlips(operator.wrapped)].map((wrapped) => ({ ...operator, wrapped })),
      ...[...otherLengths(operator.wrapped)].map((wrapped) => ({ ...operator, wrapped })),
      ...[...bitFlips(header)].map((bytes) => ({ ...operator, header: text(bytes) })),
      ...[...otherLengths(header)].map((bytes) => ({ ...operator, header: text(bytes) })),
      { ...operator, wrapped: verifier.wrapped },
      { ...operator, id: verifier.id },
      { ...operator, role: 'verifier' },
      { ...operator, kind: 'keychain' },
    ];
    for (const slot of broken) {
      const failure = await failureOf(() => secrets.test(store, slot, sources()));
      expect(['slot_damaged', 'key_file_unusable']).toContain(failure.code);
    }
    expect(
      (await failureOf(() => secrets.unlockOperator({ ...store, id: 'store_other' }, sources()))).code,
    ).toBe('slot_damaged');
    expect((await failureOf(() => secrets.unlockOperator({ ...store, peppers: [] }, sources()))).code).toBe(
      'slot_damaged',
    );
    await secrets.test(store, operator, sources());
  });
});

describe('a key file that was moved', () => {
  test('is named; a wrong one is refused', async () => {
    const { access, store, operatorFile, verifierFile } = await keyFileStore();
    renameSync(operatorFile, join(folder, 'moved.key'));
    const opened = await secrets.unlockOperator(store, sources({ keyFile: join(folder, 'moved.key') }));
    expect(mark(opened)).toBe(mark(access));
    const failure = await failureOf(() => secrets.unlockOperator(store, sources({ keyFile: verifierFile })));
    expect(failure.code).toBe('key_file_unusable');
  });
});

describe('a new root key', () => {
  test('old and new open until settled; then only the new one', async () => {
    const { access, store, operator, verifier, operatorFile } = await keyFileStore();
    const sealed = access.seal(new Secret('kept'), place);
    const next = access.rekey({ peppers: store.peppers, sealed: [sealed] }, 2_000);
    expect(next.peppers.map(({ number, createdAt }) => [number, createdAt])).toEqual([
      [1, 1],
      [2, 2_000],
    ]);
    const slots = [];
    for (const slot of store.slots) slots.push(await secrets.rewrap(store, slot, next.access, sources()));
    const renewed = { ...store, slots, peppers: next.peppers };

    const old = await secrets.unlockOperator(store, sources());
    const current = await secrets.unlockOperator(renewed, sources());
    expect(old.open(sealed).reveal()).toBe('kept');
    for (const record of next.sealed) expect(current.open(record).reveal()).toBe('kept');
    expect((await failureOf(() => current.open(sealed))).code).toBe('slot_damaged');
    expect(current.hasher.current).toBe(2);
    expect([mark(current, 1), mark(current, 2)]).toEqual([mark(next.access, 1), mark(next.access, 2)]);
    expect(mark(current, 1)).toBe(mark(access, 1));
    expect(mark(await secrets.unlockVerifier(renewed, sources()), 2)).toBe(mark(current, 2));

    for (const [index, slot] of store.slots.entries()) await secrets.settle(slot, slots[index] ?? slot);
    expect(parseKeyFile(readFileSync(operatorFile, 'utf8'))).toHaveLength(1);
    expect((await failureOf(() => secrets.unlockOperator(store, sources()))).code).toBe('key_file_unusable');
    expect(mark(await secrets.unlockOperator(renewed, sources()), 2)).toBe(mark(current, 2));
    expect([slots[0]?.id, slots[1]?.id]).toEqual([operator.id, verifier.id]);
  });

  test('given up, it leaves what was there', async () => {
    const { access, store, operator, operatorFile } = await keyFileStore();
    const before = readFileSync(operatorFile, 'utf8');
    const next = access.rekey({ peppers: store.peppers, sealed: [] }, 2_000);
    const renewed = await secrets.rewrap(store, operator, next.access, sources());
    await secrets.settle(renewed, operator);
    expect(readFileSync(operatorFile, 'utf8')).toBe(before);
    await secrets.test(store, operator, sources());
  });

  test('a key file that was moved keeps its new place', async () => {
    const { access, store, operator, operatorFile } = await keyFileStore();
    const moved = join(folder, 'moved.key');
    renameSync(operatorFile, moved);
    const next = access.rekey({ peppers: store.peppers, sealed: [] }, 2_000);
    const renewed = await secrets.rewrap(store, operator, next.access, sources({ keyFile: moved }));
    await secrets.settle(operator, renewed);
    expect(parseKeyFile(readFileSync(moved, 'utf8'))).toHaveLength(1);
    await secrets.unlockOperator({ ...store, slots: [renewed], peppers: next.peppers }, sources());
  });

  test('a passphrase slot gets a new salt and asks once', async () => {
    const { access, pepper } = secrets.create(STORE, 1);
    const passphrase = 'correct horse battery';
    const slot = await access.addSlot({
      name: 'p',
      kind: 'passphrase',
      role: 'operator',
      passphrase: new Secret(passphrase),
    });
    const store = lockedStore([slot], [pepper]);
    const next = access.rekey({ peppers: store.peppers, sealed: [] }, 2);
    const renewed = await secrets.rewrap(store, slot, next.access, sources({ passphrase }));
    expect(renewed.header).not.toBe(slot.header);
    await secrets.test(store, slot, sources({ passphrase }));
    await secrets.test(
      { ...store, slots: [renewed], peppers: next.peppers },
      renewed,
      sources({ passphrase }),
    );
    const wrong = sources({ passphrase: 'something else entirely' });
    expect((await failureOf(() => secrets.rewrap(store, slot, next.access, wrong))).code).toBe(
      'passphrase_wrong',
    );
  });

  test('is refused when something sealed does not open', async () => {
    const { access, store } = await keyFileStore();
    const sealed = access.seal(new Secret('kept'), place);
    const from = { peppers: store.peppers, sealed: [{ ...sealed, version: 2 }] };
    expect((await failureOf(() => access.rekey(from, 2))).code).toBe('slot_damaged');
  });
});

describe('a key-file slot where there is something already', () => {
  const add = (access: ReturnType<typeof secrets.create>['access'], keyFile: string) =>
    failureOf(() => access.addSlot({ name: 'new', kind: 'key-file', role: 'operator', keyFile }));

  test('a private key file of one key may be left over, and both ways on are said; it stays', async () => {
    const { access, operatorFile } = await keyFileStore();
    const before = readFileSync(operatorFile);
    const failure = await add(access, operatorFile);
    expect([failure.code, failure.message, failure.hint]).toEqual([
      'exists',
      `there is a key file at ${operatorFile} already, perhaps left over from an interrupted init`,
      'name another place with --key-file, or remove it if no store uses it',
    ]);
    expect(readFileSync(operatorFile)).toEqual(before);
  });

  test.each([
    ['two keys', (file: string) => writeFileSync(file, TWO_KEYS)],
    ['open to others', (file: string) => chmodSync(file, 0o644)],
    ['something else', (file: string) => writeFileSync(file, 'mine\n')],
  ])('%s: only another place is named', async (_, spoil) => {
    const { access, operatorFile } = await keyFileStore();
    spoil(operatorFile);
    const failure = await add(access, operatorFile);
    expect([failure.code, failure.hint]).toEqual(['exists', 'name another place with --key-file']);
  });
});

test('a discarded key-file slot takes its file along, and again is fine', async () => {
  const { operator, verifier, operatorFile, verifierFile } = await keyFileStore();
  await secrets.discard(operator);
  await secrets.discard(operator);
  expect(existsSync(operatorFile)).toBe(false);
  writeFileSync(verifierFile, 'not ours any more\n');
  expect((await failureOf(() => secrets.discard(verifier))).code).toBe('key_file_unusable');
  expect(readFileSync(verifierFile, 'utf8')).toBe('not ours any more\n');
});

describe('an imported HMAC key', () => {
  const key = Buffer.from('what the old system had');
  const digest = (token: string) => createHmac('sha256', key).update(token).digest();

  test('gets the next number, opens for operator and verifier, and is no pepper', async () => {
    const { access, store } = await keyFileStore();
    const imported = access.sealImported(key, 9);
    expect([imported.number, imported.kind, imported.createdAt]).toEqual([2, 'imported', 9]);
    expect(Buffer.from(imported.sealed).includes(key)).toBe(false);
    const both = { ...store, peppers: [...store.peppers, imported] };
    for (const opened of [
      await secrets.unlockOperator(both, sources()),
      await secrets.unlockVerifier(both, sources()),
    ]) {
      expect(opened.hasher.imported(2, 'tökén')).toEqual(digest('tökén'));
      expect(opened.hasher.imported(1, 'tökén')).toBeUndefined();
      expect(opened.hasher.find(2, 'tökén')).toBeUndefined();
      expect(opened.hasher.current).toBe(1);
      expect(mark(opened, 2)).toBeUndefined();
      expect(mark(opened)).toBe(mark(access));
    }
    const again = await secrets.unlockOperator(both, sources());
    expect(again.sealImported(key, 10).number).toBe(3);
  });

  test('moves along to a new root key, under its own kind and time', async () => {
    const { access, store } = await keyFileStore();
    const imported = access.sealImported(key, 9);
    const next = access.rekey({ peppers: [...store.peppers, imported], sealed: [] }, 2_000);
    expect(next.peppers.map(({ number, kind, createdAt }) => [number, kind, createdAt])).toEqual([
      [1, 'pepper', 1],
      [2, 'imported', 9],
      [3, 'pepper', 2_000],
    ]);
    expect(next.peppers[1]?.sealed).not.toEqual(imported.sealed);
    expect(next.access.hasher.current).toBe(3);
    expect(next.access.hasher.imported(2, 'token')).toEqual(digest('token'));
    const slot = await secrets.rewrap(store, store.slots[0] as SlotRecord, next.access, sources());
    const opened = await secrets.unlockOperator(
      { ...store, slots: [slot], peppers: next.peppers },
      sources(),
    );
    expect(opened.hasher.imported(2, 'token')).toEqual(digest('token'));
    expect(mark(opened, 3)).toBe(mark(next.access, 3));
  });

  test('of no byte or too many is refused', async () => {
    const { access } = secrets.create(STORE, 1);
    for (const size of [0, 1025])
      expect((await failureOf(() => access.sealImported(Buffer.alloc(size), 1))).code).toBe(
        'bad_secret_input',
      );
    for (const size of [1, 1024]) expect(access.sealImported(Buffer.alloc(size, 1), 1).number).toBe(2);
  });
});

describe('a root key that was given out', () => {
  test('opens the same store where no slot does, and new slots are made with it', async () => {
    const { access, store } = await keyFileStore();
    const record = access.seal(new Secret('kept'), place);
    const adopted = secrets.adopt(store, access.exportRoot());
    expect(adopted.open(record).reveal()).toBe('kept');
    expect(mark(adopted)).toBe(mark(access));
    expect(adopted.audit.seal(1, Buffer.alloc(32))).toEqual(access.audit.seal(1, Buffer.alloc(32)));
    expect(() => adopted.slot).toThrow('no slot opened this store');

    const asked = { kind: 'key-file', keyFile: join(folder, 'new.key') } as const;
    await adopted.addSlot({ ...asked, name: 'app', role: 'verifier', keyFile: join(folder, 'app.key') });
    expect(() => adopted.slot).toThrow('no slot opened this store');
    const slot = await adopted.addSlot({ ...asked, name: 'here', role: 'operator' });
    expect(adopted.slot).toBe(slot);
    const moved = { ...store, primarySlot: slot.id, slots: [...store.slots, slot] };
    const opened = await secrets.unlockOperator(moved, sources({ keyFile: asked.keyFile, slot: 'here' }));
    expect(opened.open(record).reveal()).toBe('kept');
    const rewrapped = await secrets.rewrap(moved, slot, adopted, sources({ keyFile: asked.keyFile }));
    expect(rewrapped.id).toBe(slot.id);
  });

  test("is refused by another store, by another root's peppers, and when it is damaged", async () => {
    const { access, store } = await keyFileStore();
    const root = access.exportRoot().reveal();
    const other = secrets.create(STORE, 1).access.exportRoot();
    const bad = [
      () => secrets.adopt({ ...store, id: 'store_other' }, new Secret(root)),
      () => secrets.adopt(store, other),
      ...['', root.slice(1), `${root}A`, ` ${root}`, root.replace(/=$/, ''), `${'A'.repeat(42)}B=`].map(
        (text) => () => secrets.adopt(store, new Secret(text)),
      ),
    ];
    for (const adopt of bad) {
      const failure = await failureOf(adopt);
      expect(failure.code).toBe('slot_damaged');
      expect(`${failure.message} ${failure.hint}`).not.toContain(root.slice(1, -1));
    }
  });
});
