import { Failure } from '../../errors.ts';
import { change, type Ledger } from '../audit/change.ts';
import type { Client, HeldTokens, Tokens } from '../ports/authorization.ts';
import type { OperatorAccess } from '../ports/secrets.ts';
import type { Transaction } from '../ports/store.ts';
import type { RefreshIntent } from './app.ts';
import { beyondAllowlist, beyondRules, rulesOf } from './exceed.ts';
import { grantEntry } from './facts.ts';
import { type Need, nextStep } from './freshness.ts';
import { clientOf, openTokens, sealTokens } from './held-tokens.ts';
import { type Held, heldNow } from './reconnect.ts';
import type { AnswerHabits } from './scopes.ts';

/** What the journal of a refresh is kept with. */
export interface Journal {
  readonly ledger: Ledger;
  readonly access: Pick<OperatorAccess, 'seal' | 'open'>;
  /** Resolves after so many ms. */
  pause(ms: number): Promise<void>;
}

/** A refresh that may be sent: its intent is on record. */
export interface Begun extends Held {
  readonly step: 'send';
  readonly client: Client;
  readonly tokens: HeldTokens;
  /** The uncertain refresh that this one repeats. */
  readonly repeats: RefreshIntent | undefined;
}

type Beginning =
  | Begun
  /** There is nothing to renew: `nextStep` says what there is. */
  | { readonly step: 'none' }
  /** An earlier refresh went out, and nobody knows what became of it. */
  | ({ readonly step: 'uncertain'; readonly intent: RefreshIntent } & Held);

/** Between two tries to store an answer while others hold the store: at first, twice that each time, at most; ms. */
const PAUSES = { first: 100, longest: 5000 };
/** All pauses together, ms. Each try waits as long as any write, but for a restore, which refuses it at once. */
const MOST_PAUSES = 30_000;

/**
 * Decides, under the grant's lock, what is to be sent, and writes the intent first. An intent that is there already is
 * of somebody who died or never heard back: it becomes `uncertain`, unless `mayRepeat` says that its refresh token may
 * be sent once more.
 */
export function beginRefresh(
  { ledger, access }: Journal,
  grantId: string,
  need: Need,
  mayRepeat: boolean,
): Promise<Beginning> {
  const now = ledger.now();
  return change(ledger, async (tx, record): Promise<Beginning> => {
    const held = await heldNow(tx, grantId);
    const { app, grant } = held;
    const step = nextStep(grant, now, need);
    if (!('step' in step) || step.step !== 'renew') return { step: 'none' };
    const client = await clientOf(tx, access, app);
    const tokens = await openTokens(tx, access, held);
    const begun = { step: 'send', ...held, client, tokens, repeats: undefined } as const;
    if (grant.kind === 'client-credentials') return begun;
    const left = await tx.grants.intent(grant.id);
    const repeats = left?.tokenVersion === grant.tokenVersion ? left : undefined;
    if (repeats !== undefined && !mayRepeat) {
      await markUncertain(tx, record, held, repeats);
      return { step: 'uncertain', intent: repeats, ...held };
    }
    await tx.write.grants.putIntent({
      ...{ grantId, tokenVersion: grant.tokenVersion, sentAt: now, uncertain: false },
    });
    return { ...begun, repeats };
  });
}

/** What became of an answer: stored, or not needed any more. */
export type Kept = 'stored' | 'newer' | 'revoked' | 'gone';

/**
 * Stores what a refresh brought; the one thing done with an answer before anything else. It may use the store's
 * reserve, and outwaits other writers, for the token that was sent may be worth nothing by now. `newer`: the grant was
 * authorized again meanwhile, and keeps that. `revoked`: the tokens are kept for taking them back, or were not
 * needed (`gone`).
 */
export async function keepTokens(
  journal: Journal,
  { app, grant, tokens: sent }: Pick<Begun, 'app' | 'grant' | 'tokens'>,
  tokens: Tokens,
  habits: AnswerHabits,
): Promise<Kept> {
  // An answer without a refresh token means that the one that was sent goes on (RFC 6749 section 6).
  const { accessToken, refreshToken = sent.refreshToken } = tokens;
  const all = { ...tokens, accessToken, refreshToken };
  let paused = 0;
  for (let pause = PAUSES.first; ; pause = Math.min(2 * pause, PAUSES.longest)) {
    try {
      return await storeAnswer(journal, { app, grant }, all, habits);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'busy' || paused + pause > MOST_PAUSES) throw error;
    }
    await journal.pause(pause);
    paused += pause;
  }
}

function storeAnswer(
  { ledger, access }: Journal,
  sent: Held,
  tokens: Tokens,
  habits: AnswerHabits,
): Promise<Kept> {
  const now = ledger.now();
  const { id, tokenVersion: from } = sent.grant;
  const store = async (tx: Transaction, record: Record): Promise<Kept> => {
    const grant = await tx.grants.byId(id);
    const app = await tx.apps.byId(sent.app.id);
    if (grant === undefined || app === undefined) return 'gone';
    const granted = tokens.scopes ?? grant.granted;
    const refreshable = grant.kind === 'user' && tokens.refreshToken !== undefined;
    const values = { granted, tokenExpiresAt: tokens.expiresAt, refreshable, refreshedAt: now };
    const isStored = await tx.write.grants.storeTokens(id, from, values);
    if (!isStored && grant.tokenVersion !== from) return 'newer';
    await tx.write.grants.removeIntent(id);
    if (!isStored) {
      // What is taken back at the provider must be what lives there now.
      if (grant.revocationPending) await sealTokens(tx, access, { app: sent.app, id, version: from }, tokens);
      return grant.revocationPending ? 'revoked' : 'gone';
    }
    await sealTokens(tx, access, { app: sent.app, id, version: from + 1 }, tokens);
    const rules = await rulesOf(tx, grant.workspaceId);
    const after = { ...grant, ...values, tokenVersion: from + 1 };
    // A reason of the rules is found again with what was granted now; any other stays.
    const isOfRules = grant.needsReason === null || grant.needsReason === beyondRules(grant, rules);
    const beyond = beyondAllowlist(after, app.allowlist, habits) ?? beyondRules(after, rules) ?? null;
    const needsReason = isOfRules ? beyond : grant.needsReason;
    if (needsReason !== grant.needsReason) await tx.write.grants.update(id, { needsReason });
    record(grantEntry('grant.refresh', { ...after, needsReason }, app));
    return 'stored';
  };
  return change(ledger, store, { urgent: true });
}

/**
 * The provider says that the token is no good. The grant needs authorization if it is still the one that was sent;
 * false when another was stored meanwhile.
 */
export function loseGrant({ ledger }: Journal, { grant }: Held, needsReason: string): Promise<boolean> {
  return change(ledger, async (tx, record) => {
    const held = await heldNow(tx, grant.id);
    if (held.grant.tokenVersion !== grant.tokenVersion || held.grant.revokedAt !== null) return false;
    await tx.write.grants.removeIntent(grant.id);
    await tx.write.grants.update(grant.id, { needsReason });
    record(grantEntry('grant.needs-authorization', { ...held.grant, needsReason }, held.app));
    return true;
  });
}

/**
 * It was not carried out: the refresh token is as good as before, which after an earlier uncertain use is uncertain
 * still. May use the reserve, or a full disk would make it uncertain.
 */
export function withdrawIntent({ ledger }: Journal, { grant, repeats }: Begun): Promise<void> {
  const withdraw = async (tx: Transaction): Promise<void> => {
    const intent = await tx.grants.intent(grant.id);
    if (intent?.tokenVersion !== grant.tokenVersion) return;
    if (repeats === undefined) await tx.write.grants.removeIntent(grant.id);
    else await tx.write.grants.putIntent({ ...repeats, uncertain: true });
  };
  return change(ledger, withdraw, { urgent: true });
}

/** It went out and no answer came. The intent alone says so too: this adds that nobody is waiting any more. */
export function leaveUncertain({ ledger }: Journal, { grant }: Held): Promise<void> {
  return change(ledger, async (tx, record) => {
    const held = await heldNow(tx, grant.id);
    const intent = await tx.grants.intent(grant.id);
    if (intent?.tokenVersion === held.grant.tokenVersion) await markUncertain(tx, record, held, intent);
  });
}

type Record = Parameters<Parameters<typeof change>[1]>[1];

async function markUncertain(
  tx: Transaction,
  record: Record,
  held: Held,
  intent: RefreshIntent,
): Promise<void> {
  if (intent.uncertain) return;
  await tx.write.grants.putIntent({ ...intent, uncertain: true });
  record(grantEntry('grant.uncertain', held.grant, held.app, { sent_at: intent.sentAt }));
}
