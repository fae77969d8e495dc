import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { revokeGrant } from '../../../src/domain/apps/revoke.ts';
import { tokenKeeper } from '../../../src/domain/apps/tokens.ts';
import type { Store } from '../../../src/domain/ports/store.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { Failure } from '../../../src/errors.ts';
import { changedStore, changedWrites } from '../../support/changed-store.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { HOUR, MINUTE, openTokenDesk, STORES, type TokenDesk } from '../../support/token-desk.ts';

describe.each(STORES)('tokens on a store in %s', (kind) => {
  let desk: TokenDesk;
  beforeEach(async () => {
    desk = await openTokenDesk(kind);
  });
  afterEach(() => desk.close());
  const token = async (
    ...request: Parameters<TokenDesk['keeper']['fresh']> extends [string, ...infer R] ? R : never
  ) => (await desk.keeper.fresh(desk.grant.id, ...request)).accessToken.reveal();
  const refusal = (...request: Parameters<typeof token>) => failureOf(() => token(...request));

  test('a token that lasts is given out as it is, each time on record, and nothing is sent', async () => {
    desk.clock.at -= 30 * MINUTE;
    expect([await token(), await token()]).toEqual(['access-1', 'access-1']);
    expect(desk.server.sent).toEqual([]);
    expect(await desk.actions()).toEqual(['authorize', 'token', 'token']);
    const [, first] = await desk.entries();
    expect(first).toMatchObject({
      target: desk.grant.id,
      actor: 'ana',
      facts: { app: 'tracker', account: '@ana' },
    });
    expect(JSON.stringify(await desk.entries())).not.toMatch(/access-|refresh-/);
  });

  test('one that ends within five minutes is renewed, and both tokens are replaced', async () => {
    desk.clock.at -= 4 * MINUTE;
    expect(await token()).toBe('access-2');
    expect(desk.server.sent).toEqual(['refresh-1']);
    expect(await desk.grantNow()).toMatchObject({
      ...{
        tokenVersion: 2,
        refreshedAt: desk.clock.at,
        tokenExpiresAt: desk.clock.at + HOUR,
        refreshable: true,
      },
    });
    expect(await desk.sealed()).toEqual(['access_token 2', 'refresh_token 2']);
    expect(await desk.store.grants.intents()).toEqual([]);
    expect(await desk.actions()).toEqual(['authorize', 'refresh', 'token']);
  });

  test('tokens that have ended when they come cost one refresh token a run', async () => {
    desk.server.lifeMs = 0;
    expect([await token(), desk.server.sent]).toEqual(['access-2', ['refresh-1']]);
    expect(await token()).toBe('access-3');
  });

  test('one of unknown life is renewed once, when it must last', async () => {
    desk.server.lifeMs = null;
    expect(await token()).toBe('access-2');
    expect(await token()).toBe('access-2');
    expect(await token({ minValidMs: MINUTE })).toBe('access-3');
    expect(desk.server.sent).toEqual(['refresh-1', 'refresh-2']);
  });

  test('a client secret that the provider knows no more: the hint gives the app another', async () => {
    desk.server.answers.push('bad-client');
    expect(await refusal({ minValidMs: MINUTE })).toMatchObject({
      code: 'provider_failed',
      hint: `{keywright} apps update tracker --from-stdin -w ${desk.workspace.slug}`,
    });
    expect(await token()).toBe('access-2');
  });

  test('an app that was edited is sent nothing, and no intent of it is left', async () => {
    await desk.store.write((tx) => tx.write.apps.update(desk.app.id, { clientId: 'evil' }));
    expect(await refusal()).toMatchObject({ code: 'authorization_mismatch', exitCode: 7 });
    expect(desk.server.sent).toEqual([]);
    expect(await desk.store.grants.intents()).toEqual([]);
    expect(await desk.grantNow()).toEqual(desk.grant);
  });

  test('--min-valid decides how long it must last', async () => {
    desk.clock.at -= 10 * MINUTE;
    expect(await token({ minValidMs: 10 * MINUTE })).toBe('access-1');
    expect(await token({ minValidMs: 10 * MINUTE + 1 })).toBe('access-2');
    expect(await token({ minValidMs: 2 * HOUR })).toBe('access-2');
    desk.clock.at += 31 * MINUTE;
    expect(await token({ minValidMs: 2 * HOUR })).toBe('access-3');
  });

  test('200 calls of one process: one request (case 126)', async () => {
    const tokens = await Promise.all(Array.from({ length: 200 }, () => token()));
    expect(new Set(tokens)).toEqual(new Set(['access-2']));
    expect(desk.server.sent).toEqual(['refresh-1']);
    expect((await desk.actions()).filter((action) => action === 'token')).toHaveLength(200);
  });

  const twenty = async (change?: (store: Store) => Store) => {
    // As long as a request takes, so that those who don't wait for each other meet.
    desk.server.meanwhile = () => new Promise((resolve) => setTimeout(resolve, 50));
    const others = await Promise.all(Array.from({ length: 20 }, () => desk.another(change)));
    const asked = others.map(({ keeper }) => keeper.fresh(desk.grant.id));
    return (await Promise.allSettled(asked)).map((one) =>
      one.status === 'fulfilled' ? one.value.accessToken.reveal() : (one.reason as Error).message,
    );
  };

  test('20 stores open at once, as of 20 processes: one request, 20 valid tokens, grant alive (case 125)', async () => {
    const tokens = await twenty();
    expect(desk.server.sent).toEqual(['refresh-1']);
    expect(tokens.every((one) => desk.server.isValid(one))).toBe(true);
    expect(await desk.grantNow()).toMatchObject({ needsReason: null, tokenVersion: 2 });
  });

  const unlocked = (store: Store) => changedStore(store, { exclusively: (_, work) => work() });

  test('case 125 notices a lock that locks nothing: the intents of others look like left ones', async () => {
    const tokens = await twenty(unlocked);
    expect(tokens.filter((one) => desk.server.isValid(one)).length).toBeLessThan(20);
  });

  test('case 125 notices when there are no intents either: spent tokens are sent, and the family dies', async () => {
    await twenty((store) => withoutIntents(unlocked(store)));
    expect(desk.server.sent.length).toBeGreaterThan(1);
    expect(desk.server.reused).toBe(true);
  });

  test('tokens that live a moment are passed on by those who waited for them, too', async () => {
    desk.server.lifeMs = 2000;
    const tokens = await twenty();
    expect(desk.server.sent).toEqual(['refresh-1']);
    expect(new Set(tokens)).toEqual(new Set(['access-2']));
  });

  test('who waits for a process that hangs on the network gives up with a code and sends nothing (case 130)', async () => {
    const hang = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    desk.server.meanwhile = () => {
      arrived.resolve();
      return hang.promise;
    };
    const first = token();
    await arrived.promise;
    const { keeper } = await desk.another((store) =>
      changedStore(store, { exclusively: (name, work) => store.exclusively(name, work, { waitMs: 20 }) }),
    );
    expect(await failureOf(() => keeper.fresh(desk.grant.id))).toMatchObject({ code: 'busy', exitCode: 12 });
    hang.resolve();
    expect(await first).toBe('access-2');
    expect(desk.server.sent).toEqual(['refresh-1']);
  });

  test('no transaction is open while a request is on its way', async () => {
    desk.server.meanwhile = async () => {
      await desk.store.write(async (tx) => tx.write.workspaces.rename(desk.workspace.id, 'Acme 2'));
      expect(await desk.store.grants.intent(desk.grant.id)).toMatchObject({
        tokenVersion: 1,
        uncertain: false,
      });
    };
    expect(await token()).toBe('access-2');
  });

  test('invalid_grant while another stored a newer token: that one is taken, nothing is cleared (case 128)', async () => {
    desk.server.answers.push('refused');
    desk.server.meanwhile = async () => {
      desk.server.meanwhile = async () => undefined;
      await desk.consent();
    };
    expect(await token()).toBe('access-2');
    expect(await desk.grantNow()).toMatchObject({ needsReason: null, tokenVersion: 2 });
    expect(await desk.actions()).toEqual(['authorize', 'authorize', 'token']);
  });

  test('an answer that comes after a new consent does not replace what it brought', async () => {
    Object.assign(desk.server.authorization, {
      refresh: async () => {
        const late = desk.server.consent();
        await desk.consent({ tokens: { ...desk.server.consent(), accessToken: new Secret('renewed') } });
        return { kind: 'tokens', tokens: late };
      },
    });
    expect(await token()).toBe('renewed');
    expect(await desk.sealed()).toEqual(['access_token 2', 'refresh_token 2']);
  });

  test('invalid_grant for real: the grant needs authorization, the hint reconnects, others are untouched (case 129)', async () => {
    const ben = await desk.consent({ account: '@ben', tokens: { ...desk.server.consent() } });
    desk.server.answers.push('refused');
    expect(await refusal()).toMatchObject({
      ...{ code: 'needs_authorization', exitCode: 8 },
      message: 'tracker @ana must be authorized again: the provider refuses to refresh it (invalid_grant)',
      hint: `{keywright} apps authorize tracker --account @ana -w ${desk.workspace.slug}`,
    });
    expect(await desk.grantNow()).toMatchObject({ needsReason: expect.stringContaining('invalid_grant') });
    expect(await desk.store.grants.byId(ben.id)).toEqual(ben);
    expect(await refusal()).toMatchObject({ code: 'needs_authorization' });
    expect(desk.server.sent).toHaveLength(1);
    expect(await desk.store.grants.intents()).toEqual([]);
    expect((await desk.actions()).at(-1)).toBe('needs-authorization');
  });

  test.each(['not-sent', 'failed'] as const)(
    '%s: exit 7, the grant is as before, and the next call works',
    async (answer) => {
      desk.server.answers.push(answer);
      expect(await refusal()).toMatchObject({ exitCode: 7 });
      expect(await desk.grantNow()).toEqual(desk.grant);
      expect(await desk.store.grants.intents()).toEqual([]);
      expect(await token()).toBe('access-2');
    },
  );

  test('no answer: exit 7 and uncertain, then exit 8 without sending, until somebody decides to try (case 123)', async () => {
    desk.server.answers.push('no-answer');
    const first = await refusal();
    expect(first).toMatchObject({ code: 'provider_unreachable', exitCode: 7 });
    expect(first.message).toMatch(
      /did not answer; the refresh of tracker @ana went out, so .* is uncertain \(--retry-uncertain sends it once more\)$/,
    );
    expect(first.hint).toBe(`{keywright} apps authorize tracker --account @ana -w ${desk.workspace.slug}`);
    expect(await desk.store.grants.intents()).toMatchObject([{ grantId: desk.grant.id, uncertain: true }]);
    const next = await refusal();
    expect(next).toMatchObject({ code: 'needs_authorization', exitCode: 8, hint: first.hint });
    expect(next.message).toMatch(/a refresh of 20\S+Z was never answered/);
    expect(desk.server.sent).toEqual(['refresh-1']);
    expect(await desk.grantNow()).toEqual(desk.grant);
    expect(await token({ retryUncertain: true })).toBe('access-2');
    expect(await desk.store.grants.intents()).toEqual([]);
    expect(await desk.actions()).toEqual(['authorize', 'uncertain', 'refresh', 'token']);
  });

  test('a retry of what was used up after all ends in needs-authorization', async () => {
    desk.server.answers.push('lost');
    await refusal();
    expect(await refusal({ retryUncertain: true })).toMatchObject({ code: 'needs_authorization' });
    expect(await desk.grantNow()).toMatchObject({ needsReason: expect.stringContaining('invalid_grant') });
    await desk.consent();
    expect(await desk.grantNow()).toMatchObject({ needsReason: null });
    expect(await desk.store.grants.intents()).toEqual([]);
  });

  test.each(['not-sent', 'failed'] as const)(
    'a retry that ends with %s leaves it as uncertain as it was',
    async (answer) => {
      desk.server.answers.push('lost', answer);
      await refusal();
      const [uncertain] = await desk.store.grants.intents();
      desk.clock.at += MINUTE;
      expect(await refusal({ retryUncertain: true })).toMatchObject({ exitCode: 7 });
      expect(await desk.store.grants.intents()).toEqual([uncertain]);
      expect(await refusal()).toMatchObject({ exitCode: 8, message: expect.stringContaining('uncertain') });
      expect(desk.server.reused).toBe(false);
    },
  );

  test('a consent ends an uncertain refresh', async () => {
    desk.server.answers.push('no-answer');
    await refusal();
    await desk.consent();
    expect(await token()).toBe('access-2');
  });

  test.each(['not-sent', 'failed', 'no-answer'] as const)(
    '%s while the token lasts a few minutes more: it is given out, with the reason',
    async (answer) => {
      desk.clock.at -= 2 * MINUTE;
      desk.server.answers.push(answer);
      const { accessToken, unrenewed } = await desk.keeper.fresh(desk.grant.id);
      expect(accessToken.reveal()).toBe('access-1');
      expect(unrenewed).toMatchObject({ exitCode: 7 });
      expect((await desk.actions()).at(-1)).toBe('token');
      desk.server.answers.push(answer);
      expect(await refusal({ minValidMs: 5 * MINUTE })).toBeInstanceOf(Failure);
    },
  );

  test('what the provider says of scopes, life and refresh token is stored as it says (case 134)', async () => {
    desk.server.rotation = 'forever';
    desk.server.lifeMs = 10 * MINUTE;
    desk.server.granted = ['issues'];
    expect(await token()).toBe('access-2');
    expect(await desk.grantNow()).toMatchObject({
      granted: ['issues'],
      tokenExpiresAt: desk.clock.at + 10 * MINUTE,
    });
    desk.server.rotation = 'silent';
    desk.server.granted = undefined;
    desk.server.lifeMs = null;
    desk.clock.at += 10 * MINUTE;
    expect(await token()).toBe('access-3');
    expect(desk.server.sent).toEqual(['refresh-1', 'refresh-1']);
    expect(await desk.grantNow()).toMatchObject({
      granted: ['issues'],
      tokenExpiresAt: null,
      refreshable: true,
    });
    desk.clock.at += 1000 * HOUR;
    expect(await token()).toBe('access-3');
    expect(await desk.sealed()).toEqual(['access_token 3', 'refresh_token 3']);
  });

  test('without a refresh token it is given out until it ends, then exit 8', async () => {
    await desk.consent({ tokens: { ...desk.server.consent(), refreshToken: undefined } });
    expect(await desk.sealed()).toEqual(['access_token 2']);
    desk.clock.at += HOUR - MINUTE;
    expect(await token()).toBe('access-2');
    expect(await refusal({ minValidMs: 2 * MINUTE })).toMatchObject({ exitCode: 8 });
    desk.clock.at += MINUTE;
    expect(await refusal()).toMatchObject({
      exitCode: 8,
      hint: expect.stringContaining('apps authorize tracker'),
    });
    expect(desk.server.sent).toEqual([]);
  });

  test('a revoked one: exit 8, nothing is sent (case 138)', async () => {
    await revokeGrant(desk.ledger, desk.grant.id);
    expect(await refusal()).toMatchObject({
      exitCode: 8,
      message: expect.stringContaining('it was revoked'),
    });
    expect(desk.server.sent).toEqual([]);
  });

  test('revoked while a refresh is on its way: no token is given out, and the newest ones are kept to be taken back', async () => {
    desk.server.meanwhile = async () => void (await revokeGrant(desk.ledger, desk.grant.id));
    expect(await refusal()).toMatchObject({ exitCode: 8 });
    const grant = await desk.grantNow();
    expect(grant).toMatchObject({ tokenVersion: 1, revocationPending: true });
    expect(await desk.sealed()).toEqual(['access_token 1', 'refresh_token 1']);
    const sealed = await desk.store.slots.sealed(grant.id, 'refresh_token');
    expect(Buffer.from(sealed?.sealed ?? []).toString()).toContain('refresh-2');
  });

  test('client credentials: kept until shortly before they end, then asked for again, with no intent', async () => {
    const tokens = { ...desk.server.consent(), refreshToken: undefined };
    const client = await desk.consent({
      kind: 'client-credentials',
      account: 'client',
      tokens,
      redirectUri: null,
    });
    const fresh = async () => (await desk.keeper.fresh(client.id)).accessToken.reveal();
    expect(await fresh()).toBe('access-2');
    desk.clock.at += HOUR - 4 * MINUTE;
    expect(await Promise.all([fresh(), fresh()])).toEqual(['access-3', 'access-3']);
    expect(desk.server.sent).toEqual(['client']);
    expect(await desk.store.grants.intents()).toEqual([]);
  });

  test('a token sealed under another version than the grant has is not used', async () => {
    await desk.store.write(async (tx) => {
      await tx.write.grants.update(desk.grant.id, { tokenVersion: 7 });
    });
    expect(await refusal()).toMatchObject({ code: 'slot_damaged' });
    expect(desk.server.sent).toEqual([]);
  });

  test('tokens of another server than the app has now are not sent', async () => {
    Object.assign(desk.server.authorization, {
      refresh: async () => {
        throw new Failure('authorization_mismatch', 'these tokens came from another server');
      },
    });
    expect(await refusal()).toMatchObject({ code: 'authorization_mismatch' });
    expect(await desk.store.grants.intents()).toEqual([]);
  });

  test('a fault nobody thought of, thrown while sending, leaves it uncertain', async () => {
    Object.assign(desk.server.authorization, {
      refresh: async () => {
        throw new TypeError('oops');
      },
    });
    await expect(token()).rejects.toThrow('oops');
    expect(await refusal()).toMatchObject({ exitCode: 8, message: expect.stringContaining('uncertain') });
  });

  test('viewers and strangers get none, developers do; in an archived workspace nobody does', async () => {
    const as = (name: string) => ({
      ...desk.ledger,
      actor: { name, from: '--actor', osUser: name } as const,
    });
    await desk.store.write(async (tx) => {
      for (const [name, role] of [
        ['vic', 'viewer'],
        ['ben', 'developer'],
      ] as const)
        await tx.write.workspaces.addMember({ workspaceId: desk.workspace.id, name, role, createdAt: 1 });
    });
    const fresh = (name: string) => tokenKeeper(desk.renewing(as(name))).fresh(desk.grant.id);
    expect(await failureOf(() => fresh('vic'))).toMatchObject({ code: 'forbidden' });
    expect(await failureOf(() => fresh('eve'))).toMatchObject({ code: 'forbidden' });
    expect(desk.server.sent).toEqual([]);
    expect((await fresh('ben')).accessToken.reveal()).toBe('access-2');
    await desk.store.write((tx) => tx.write.workspaces.setArchived(desk.workspace.id, 5));
    expect(await refusal()).toMatchObject({ code: 'wrong_state' });
  });

  test('a token that cannot be put on record is not given out (case 141)', async () => {
    desk.clock.at -= 30 * MINUTE;
    const full = new Failure('store_full', 'the disk is full');
    const { keeper } = await desk.another((store) =>
      changedWrites(store, (write) => ({
        ...write,
        audit: async () => {
          throw full;
        },
      })),
    );
    await expect(keeper.fresh(desk.grant.id)).rejects.toBe(full);
  });

  test('a signal that comes while a request is out ends the program only when the answer is stored', async () => {
    const cancelled = new Failure('cancelled', 'cancelled');
    const keeper = tokenKeeper({
      ...desk.renewing(),
      unbroken: async (work) => {
        await work();
        throw cancelled;
      },
    });
    await expect(keeper.fresh(desk.grant.id)).rejects.toBe(cancelled);
    expect(await desk.grantNow()).toMatchObject({ tokenVersion: 2 });
    expect(await desk.store.grants.intents()).toEqual([]);
    expect(await token()).toBe('access-2');
    expect(desk.server.sent).toEqual(['refresh-1']);
  });

  test('a policy that was narrowed while a refresh was on its way holds all the same', async () => {
    desk.server.meanwhile = () =>
      desk.store.write((tx) => tx.write.grants.update(desk.grant.id, { needsReason: 'the policy changed' }));
    expect(await refusal()).toMatchObject({
      exitCode: 8,
      message: expect.stringContaining('the policy changed'),
    });
    expect(await desk.sealed()).toEqual(['access_token 2', 'refresh_token 2']);
    expect((await desk.entries()).at(-1)?.facts).toMatchObject({ needs: 'the policy changed' });
  });

  test('a grant that was granted more by a refresh than the allowlist has gives out no token', async () => {
    await desk.store.write((tx) => tx.write.apps.update(desk.app.id, { allowlist: ['issues', 'wiki'] }));
    desk.server.granted = ['issues', 'wiki', 'admin'];
    expect(await refusal()).toMatchObject({ exitCode: 8, message: expect.stringContaining('admin') });
    expect(await desk.sealed()).toEqual(['access_token 2', 'refresh_token 2']);
  });
});

test('a refresh token that its provider never replaces is sent again after no answer', async () => {
  const desk = await openTokenDesk('memory', { provider: 'lasting' });
  desk.server.rotation = 'forever';
  desk.server.answers.push('no-answer');
  await failureOf(() => desk.keeper.fresh(desk.grant.id));
  expect((await desk.keeper.fresh(desk.grant.id)).accessToken.reveal()).toBe('access-2');
  await desk.close();
});

test('an app that got another client id while its consent was given: nothing is stored', async () => {
  const desk = await openTokenDesk();
  await desk.store.write((tx) => tx.write.apps.update(desk.app.id, { clientId: 'c2' }));
  expect(await failureOf(() => desk.consent())).toMatchObject({ code: 'changed' });
  await desk.store.write((tx) => tx.write.apps.update(desk.app.id, { removedAt: 1 }));
  expect(await failureOf(() => desk.consent())).toMatchObject({ code: 'changed' });
  await desk.close();
});

/** What a program without the journal would do. */
function withoutIntents(store: Store): Store {
  return changedWrites(store, (write) => ({
    ...write,
    grants: { ...write.grants, putIntent: async () => undefined },
  }));
}
