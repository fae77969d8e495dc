import { expect, test, vi } from 'vitest';
import {
  configureIntegration,
  createIntegration,
  disableIntegration,
  enableIntegration,
  updateIntegration,
} from '../../../src/domain/integrations/manage.ts';
import { disableKeys } from '../../../src/domain/keys/stop.ts';
import { openDesk } from '../../support/fake-ledger.ts';
import { aKey, verifierOn } from '../../support/fake-verifier.ts';

/** A key that is bound to a configured integration, and a verifier that has used it. */
async function bound() {
  const desk = openDesk();
  const wish = { name: 'shop', purpose: null, url: null };
  const { id } = await createIntegration(desk.ledger, desk.means.random, desk.workspace, wish);
  const which = { workspaceId: desk.workspace.id, text: id };
  await configureIntegration(desk.ledger, which, undefined);
  const { key, token, names } = await aKey(desk);
  await desk.store.write((tx) => tx.write.keys.bind([key.kid], id));
  const { verifier } = verifierOn(desk);
  return { desk, which, names, verify: () => verifier.verify(token, {}) };
}

test('the answer names the integration', async () => {
  const { verify, desk, which } = await bound();
  expect(await verify()).toMatchObject({ code: 'ok', integration: 'shop' });
  await updateIntegration(desk.ledger, which, { name: 'web shop' });
  expect(await verify()).toMatchObject({ code: 'ok', integration: 'web shop' });
});

test('disabling it counts from the next call on, in a verifier that is open, and so does enabling it', async () => {
  const { verify, desk, which } = await bound();
  expect((await verify()).code).toBe('ok');
  await disableIntegration(desk.locked, which);
  expect(await verify()).toMatchObject({ code: 'disabled', http_status: 401, integration: 'shop' });
  await enableIntegration(desk.ledger, which);
  expect((await verify()).code).toBe('ok');
});

test('a key that is disabled itself stays so', async () => {
  const { verify, desk, which, names } = await bound();
  await disableKeys(desk.ledger, names);
  await disableIntegration(desk.ledger, which);
  await enableIntegration(desk.ledger, which);
  expect((await verify()).code).toBe('disabled');
});

test.each([
  ['a draft', { configuredAt: null }],
  ['disabled', { disabledAt: 1 }],
])('one that is %s denies', async (_, change) => {
  const { verify, desk, which } = await bound();
  await desk.store.write((tx) => tx.write.integrations.update(which.text, change));
  expect((await verify()).code).toBe('disabled');
});

test('one that is gone denies', async () => {
  const { verify, desk } = await bound();
  vi.spyOn(desk.store.integrations, 'all').mockResolvedValue([]);
  expect(await verify()).toMatchObject({ code: 'disabled', integration: null });
});
