import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { removeApp } from '../../../src/domain/apps/remove.ts';
import {
  finishRevocation,
  giveUpRevocation,
  retryPending,
  revokeGrant,
  type TakingBack,
} from '../../../src/domain/apps/revoke.ts';
import { Failure } from '../../../src/errors.ts';
import { changedStore } from '../../support/changed-store.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { HOUR, openTokenDesk, STORES, type TokenDesk, writtenDown } from '../../support/token-desk.ts';

describe.each(STORES)('taking a grant back, on a store in %s', (kind) => {
  let desk: TokenDesk;
  beforeEach(async () => {
    desk = await openTokenDesk(kind);
  });
  afterEach(() => desk.close());
  const taking = (): TakingBack => ({
    ledger: desk.ledger,
    access: writtenDown,
    authorization: async () => desk.server.authorization,
  });
  const finish = () => finishRevocation(taking(), desk.grant.id);
  const retry = (isEdited = false) => retryPending(taking(), () => isEdited);
  const unreachable = () => new Failure('provider_unreachable', 'sso.example.com did not answer');

  test('here at once, without unlocking; then at the provider, and the tokens are gone', async () => {
    const { grant, already } = await revokeGrant(desk.locked, desk.grant.id, 'left the company');
    expect(already).toBe(false);
    expect(grant).toMatchObject({ revokedAt: desk.clock.at, revocationPending: true });
    expect(desk.server.takenBack).toEqual([]);
    expect(await finish()).toEqual({ kind: 'revoked' });
    expect(desk.server.takenBack).toEqual([['access-1', 'refresh-1']]);
    expect(await desk.grantNow()).toMatchObject({ revokedAt: desk.clock.at, revocationPending: false });
    expect(await desk.sealed()).toEqual([]);
    expect(await desk.actions()).toEqual(['authorize', 'revoke', 'revoked-at-provider']);
    expect((await desk.entries())[1]).toMatchObject({ locked: true, facts: { reason: 'left the company' } });
    expect(await finish()).toEqual({ kind: 'none' });
    expect((await revokeGrant(desk.locked, desk.grant.id)).already).toBe(true);
    expect(await desk.actions()).toHaveLength(3);
  });

  test('a provider that cannot be reached leaves it pending; the next try finishes it', async () => {
    desk.server.revocation = unreachable();
    await revokeGrant(desk.ledger, desk.grant.id);
    expect(await finish()).toMatchObject({ kind: 'pending', failure: { code: 'provider_unreachable' } });
    expect(await desk.sealed()).toEqual(['access_token 1', 'refresh_token 1']);
    expect(await retry()).toMatchObject([{ outcome: { kind: 'pending' }, grant: { id: desk.grant.id } }]);
    desk.server.revocation = { kind: 'revoked' };
    expect(await retry()).toMatchObject([{ outcome: { kind: 'revoked' }, app: { name: 'tracker' } }]);
    expect(await retry()).toEqual([]);
    expect(await desk.sealed()).toEqual([]);
  });

  test('tokens that have ended, with none to renew them, are nothing to take back', async () => {
    const { refreshToken: _, ...tokens } = desk.server.consent();
    await desk.consent({ tokens: { ...tokens, refreshToken: undefined } });
    desk.server.revocation = unreachable();
    await revokeGrant(desk.ledger, desk.grant.id);
    expect(await finish()).toMatchObject({ kind: 'pending' });
    desk.clock.at += HOUR;
    expect(await retry()).toMatchObject([{ outcome: { kind: 'none' } }]);
    expect(await desk.sealed()).toEqual([]);
    expect((await desk.entries()).at(-1)?.facts).toMatchObject({ outcome: 'none' });
  });

  test('one that can not be tried at all stays pending, and the others are tried', async () => {
    const other = await desk.consent({ account: '@ben' });
    for (const { id } of [desk.grant, other]) await revokeGrant(desk.ledger, id);
    const access = {
      open: (sealed: Parameters<typeof writtenDown.open>[0]) => {
        if (sealed.record === desk.grant.id) throw new Failure('slot_damaged', 'it does not pass its check');
        return writtenDown.open(sealed);
      },
    };
    const retried = await retryPending({ ...taking(), access }, () => false);
    expect(retried.map(({ grant, outcome }) => [grant.account, outcome.kind])).toEqual([
      ['@ana', 'pending'],
      ['@ben', 'revoked'],
    ]);
  });

  test('for an app that was edited nobody is asked: neither by what is sealed nor by what the log says', async () => {
    await revokeGrant(desk.ledger, desk.grant.id);
    const mismatch = { kind: 'pending', failure: { code: 'authorization_mismatch' } };
    expect(await retry(true)).toMatchObject([{ outcome: mismatch }]);
    await desk.store.write((tx) => tx.write.apps.update(desk.app.id, { clientId: 'evil' }));
    expect(await retry()).toMatchObject([{ outcome: mismatch }]);
    expect(desk.server.takenBack).toEqual([]);
    expect(await desk.sealed()).toEqual(['access_token 1', 'refresh_token 1']);
  });

  test('given up: its tokens are erased, without unlocking, and nobody is told', async () => {
    await giveUpRevocation(desk.locked, desk.grant.id);
    expect(await desk.actions()).toEqual(['authorize']);
    desk.server.revocation = unreachable();
    await revokeGrant(desk.locked, desk.grant.id);
    await finish();
    await giveUpRevocation(desk.locked, desk.grant.id);
    expect(await desk.grantNow()).toMatchObject({ revokedAt: desk.clock.at, revocationPending: false });
    expect(await desk.sealed()).toEqual([]);
    expect(desk.server.takenBack).toEqual([]);
    expect(await desk.actions()).toEqual(['authorize', 'revoke', 'revocation-given-up']);
    expect(await retry()).toEqual([]);
  });

  test('given up for a removed app, which is forgotten then', async () => {
    await removeApp(desk.ledger, { workspaceId: desk.workspace.id, text: 'tracker' });
    await giveUpRevocation(desk.locked, desk.grant.id);
    expect(await desk.store.apps.byId(desk.app.id)).toBeUndefined();
  });

  test('a provider without a way: it says so with its page, and nothing stays pending', async () => {
    desk.server.revocation = { kind: 'unsupported', page: 'https://sso.example.com/apps' };
    await revokeGrant(desk.ledger, desk.grant.id);
    expect(await finish()).toEqual({ kind: 'unsupported', page: 'https://sso.example.com/apps' });
    expect(await desk.grantNow()).toMatchObject({ revocationPending: false });
    expect(await desk.sealed()).toEqual([]);
    expect((await desk.entries()).at(-1)?.facts).toMatchObject({ outcome: 'unsupported' });
  });

  test('what a refresh on its way brings is what is taken back', async () => {
    const sent = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    desk.server.meanwhile = () => {
      desk.server.meanwhile = async () => undefined;
      sent.resolve();
      return answer.promise;
    };
    const refreshing = failureOf(() => desk.keeper.fresh(desk.grant.id));
    await sent.promise;
    await revokeGrant(desk.ledger, desk.grant.id);
    const finishing = finish();
    answer.resolve();
    expect(await refreshing).toMatchObject({ exitCode: 8 });
    expect(await finishing).toEqual({ kind: 'revoked' });
    expect(desk.server.takenBack).toEqual([['access-2', 'refresh-2']]);
  });

  test('while another process has the tokens it stays pending', async () => {
    await revokeGrant(desk.ledger, desk.grant.id);
    const { ledger } = await desk.another((store) =>
      changedStore(store, { exclusively: (name, work) => store.exclusively(name, work, { waitMs: 20 }) }),
    );
    await desk.store.exclusively(`refresh-${desk.grant.id}`, async () => {
      const outcome = await finishRevocation({ ...taking(), ledger }, desk.grant.id);
      expect(outcome).toMatchObject({ kind: 'pending', failure: { code: 'busy' } });
    });
  });

  test('authorized again while it was pending: the new tokens are not taken back', async () => {
    desk.server.revocation = unreachable();
    await revokeGrant(desk.ledger, desk.grant.id);
    desk.server.meanwhile = async () => {
      desk.server.meanwhile = async () => undefined;
      await desk.consent();
    };
    desk.server.revocation = { kind: 'revoked' };
    await finish();
    expect(await desk.grantNow()).toMatchObject({
      revokedAt: null,
      revocationPending: false,
      tokenVersion: 2,
    });
    expect(await desk.sealed()).toEqual(['access_token 2', 'refresh_token 2']);
    expect(await retry()).toEqual([]);
  });

  test('an app that was removed meanwhile is forgotten with the last pending revocation', async () => {
    await removeApp(desk.ledger, { workspaceId: desk.workspace.id, text: 'tracker' });
    expect(await desk.store.apps.byId(desk.app.id)).toMatchObject({ removedAt: desk.clock.at });
    expect(await retry()).toMatchObject([{ outcome: { kind: 'revoked' } }]);
    expect(desk.server.takenBack).toEqual([['access-1', 'refresh-1']]);
    expect(await desk.store.apps.byId(desk.app.id)).toBeUndefined();
    expect(await finish()).toEqual({ kind: 'none' });
  });

  test('who authorized it may revoke it, and owners and admins; no other', async () => {
    await desk.store.write(async (tx) => {
      for (const [name, role] of [
        ['adi', 'admin'],
        ['ben', 'developer'],
        ['dee', 'viewer'],
      ] as const)
        await tx.write.workspaces.addMember({ workspaceId: desk.workspace.id, name, role, createdAt: 1 });
      await tx.write.grants.update(desk.grant.id, { authorizedBy: 'dee' });
    });
    const as = (name: string) => ({
      ...desk.locked,
      actor: { name, from: '--actor', osUser: name } as const,
    });
    for (const name of ['ben', 'eve'])
      expect(await failureOf(() => revokeGrant(as(name), desk.grant.id))).toMatchObject({
        code: 'forbidden',
      });
    expect((await revokeGrant(as('dee'), desk.grant.id)).already).toBe(false);
    expect((await revokeGrant(as('adi'), desk.grant.id)).already).toBe(true);
  });

  test('a fault of our own is not taken for the provider’s', async () => {
    await revokeGrant(desk.ledger, desk.grant.id);
    desk.server.meanwhile = async () => {
      throw new TypeError('oops');
    };
    await expect(finish()).rejects.toThrow('oops');
    expect(await desk.grantNow()).toMatchObject({ revocationPending: true });
  });
});
