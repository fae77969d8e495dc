import { beforeEach, expect, test } from 'vitest';
import { ACCESS_TOKEN, CLIENT_SECRET, REFRESH_TOKEN } from '../../../src/domain/apps/facts.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { rekey } from '../../../src/domain/slots/rekey.ts';
import { someSlot } from '../../contracts/samples.ts';
import { openSlotDesk, type SlotDesk } from '../../support/fake-secrets.ts';

const SECRETS = [
  ['app_1', CLIENT_SECRET],
  ['grant_1', ACCESS_TOKEN],
  ['grant_1', REFRESH_TOKEN],
] as const;

let d: SlotDesk;
beforeEach(async () => {
  d = await openSlotDesk();
  await store(1);
});
/** What a refresh does: the next version in place of the one that is there. */
const store = (version: number) =>
  d.store.write(async (tx) => {
    for (const [record, field] of SECRETS) {
      await tx.write.slots.removeSealed(record, field);
      await tx.write.slots.putSealed(
        d.access.seal(new Secret(`${field} ${version}`), { record, field, version }),
      );
    }
  });
const sources = { passphraseGiven: false, passphrase: () => Promise.reject(new Error('nobody')) };
const run = (meanwhile: () => Promise<unknown> = async () => undefined) =>
  rekey(d.ledger, { secrets: d.secrets, sources }, async () => void (await meanwhile()));
const opened = async () => {
  const [slot] = await d.store.slots.all();
  const access = d.secrets.operator(slot ?? someSlot());
  const found: string[] = [];
  for (const one of await d.store.slots.allSealed())
    if (/^(app|grant)_/.test(one.record)) found.push(access.open(one).reveal());
  return found.sort();
};

test('tokens and client secrets survive a new root key', async () => {
  await run();
  expect(await opened()).toEqual(['access_token 1', 'client_secret 1', 'refresh_token 1']);
});

test('tokens that are renewed while slots are opened are not lost: the rekey is refused, and works when run again', async () => {
  // As many sealed as before, so that their number tells nothing.
  await expect(run(() => store(2))).rejects.toMatchObject({ code: 'changed' });
  expect(await opened()).toEqual(['access_token 2', 'client_secret 2', 'refresh_token 2']);
  await run();
  expect(await opened()).toEqual(['access_token 2', 'client_secret 2', 'refresh_token 2']);
});

test('the same goes for one that was sealed again under its version', async () => {
  const again = { record: 'grant_1', field: ACCESS_TOKEN, version: 1 };
  const work = run(() =>
    d.store.write((tx) => tx.write.slots.putSealed(d.access.seal(new Secret('other'), again))),
  );
  await expect(work).rejects.toMatchObject({ code: 'changed' });
});
