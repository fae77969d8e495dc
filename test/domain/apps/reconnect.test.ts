import { expect, test } from 'vitest';
import { reconnect } from '../../../src/domain/apps/reconnect.ts';
import { openAppDesk } from '../../support/app-desk.ts';

test.each([
  ['ana+work@x.test', "apps authorize 'the app' --account ana+work@x.test -w acme"],
  ["it's $(me)", "apps authorize 'the app' --account 'it'\\''s $(me)' -w acme"],
  ['-rf', "apps authorize 'the app' --account GRANT -w acme"],
  ['default', "apps authorize 'the app' -w acme"],
])('the command that reconnects %s can be pasted', async (account, command) => {
  const desk = await openAppDesk();
  const app = await desk.app({ name: 'the app' });
  const grant = await desk.grant(app, { account });
  expect(await reconnect(desk.store, { app, grant })).toBe(
    `{keywright} ${command.replace('GRANT', grant.id)}`,
  );
  const flag = { ...app, name: '--help' };
  expect(await reconnect(desk.store, { app: flag, grant })).toContain(`apps authorize ${app.id} `);
});

test("that of a client's own credentials says so", async () => {
  const desk = await openAppDesk();
  const app = await desk.app();
  const grant = await desk.grant(app, { kind: 'client-credentials', account: 'client' });
  expect(await reconnect(desk.store, { app, grant })).toBe(
    '{keywright} apps authorize github -w acme --client-credentials',
  );
});
