import { Failure } from '../../errors.ts';
import type { Ledger } from '../audit/change.ts';
import { publicKey } from '../keys/token.ts';
import type { OperatorAccess } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import type { CommandEnd, OutsideCommand } from '../ports/system.ts';
import { Secret } from '../secret.ts';
import { keyNow, SEALED_FIELD } from './issue.ts';
import { closedMeanwhile, finishDelivery, type Journalled, markChecked, markDelivered } from './journal.ts';
import { type Hands, nextStep } from './plan.ts';
import { isOpen, type Rotation } from './rotation.ts';
import { refuseExpired, whyExpired } from './ways-out.ts';

/** Pauses between checks, ms: doubled each time up to the longest. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

/** What a delivery is done with. */
export interface Delivery {
  /** Gets the secret on stdin, without a newline; undefined where it was delivered already. */
  readonly deliver: OutsideCommand | undefined;
  /** `NAME=value` instead of the bare value. */
  readonly as: string | undefined;
  readonly deliverTimeoutMs: number;
  /** Proves that the new secret works where it is used; `waived`: there is to be no proof. */
  readonly check: OutsideCommand | 'waived' | undefined;
  readonly checkTimeoutMs: number;
}

/** What happened, for whoever waits. */
export type Told =
  | { readonly step: 'running'; readonly by: string }
  | { readonly step: 'delivered'; readonly by: string }
  | { readonly step: 'again'; readonly by: string; readonly reason: string; readonly inMs: number }
  | { readonly step: 'checked'; readonly by: string; readonly tries: number; readonly ms: number };

/** What driving a delivery needs. */
export interface Driver {
  readonly ledger: Ledger;
  readonly access: Pick<OperatorAccess, 'open'>;
  /** Waits; true when a signal told the program to stop. */
  pause(ms: number): Promise<boolean>;
  tell(told: Told): Promise<void>;
  /** The command that goes on with it, for the hint of a failure. */
  readonly goOn: string;
}

/** What can be done for a delivery. */
function handsOf({ deliver, check }: Delivery): Hands {
  return {
    deliver: deliver !== undefined,
    check: check === undefined ? 'none' : check === 'waived' ? 'waived' : 'given',
  };
}

/** Throws what would keep an open delivery from being finished so; before anything is issued or opened. */
export function refuseUnfinishable(rotation: Parameters<typeof nextStep>[0], delivery: Delivery): void {
  const next = nextStep(rotation, handsOf(delivery));
  if ('refusal' in next) throw next.refusal;
}

/**
 * Takes an open delivery from where it is to `finished`: hands the secret over, sees it working, cuts the old
 * version off. Each step is journalled before the next begins, so it can end at any point and be taken up again;
 * until the last one both versions verify. Throws `rotation_incomplete` when a step fails; `wrong_state` or
 * `changed` when the key was revoked, the rotation rolled back, or the new version expired meanwhile.
 */
export async function driveDelivery(
  driver: Driver,
  delivery: Delivery,
  from: Journalled,
): Promise<Journalled> {
  let at = from;
  let hands = handsOf(delivery);
  try {
    while (isOpen(at.rotation)) {
      const next = nextStep(at.rotation, hands);
      if ('refusal' in next) throw next.refusal;
      const { store, now } = driver.ledger;
      await refuseExpired(store, await keyNow(store, at.key.kid), at.rotation, now());
      if (next.step === 'deliver') {
        at = await handOver(driver, delivery, at);
        hands = { ...hands, deliver: false };
      } else if (next.step === 'check') at = await check(driver, delivery, at);
      else at = await finishDelivery(driver.ledger, at.rotation);
    }
    return at;
  } catch (error) {
    throw await incomplete(driver, at, error);
  }
}

async function handOver(
  driver: Driver,
  delivery: Delivery,
  { key, rotation }: Journalled,
): Promise<Journalled> {
  const { deliver, as, deliverTimeoutMs } = delivery;
  if (deliver === undefined) throw new Error('there is nothing to deliver with');
  const secret = await secretOf(driver, rotation);
  const input = as === undefined ? secret : new Secret(`${as}=${secret.reveal()}`);
  await driver.tell({ step: 'running', by: deliver.name });
  const end = await deliver.run({
    input,
    hide: secret,
    env: environmentOf(key),
    timeoutMs: deliverTimeoutMs,
  });
  if (!end.ok) throw new StepFailed(`${deliver.name} failed (${end.reason})`, end.interrupted);
  const done = await onRecord(`delivered by ${deliver.name}`, end, () =>
    markDelivered(driver.ledger, rotation),
  );
  await driver.tell({ step: 'delivered', by: deliver.name });
  if (end.interrupted) throw new StepFailed('interrupted', true);
  return done;
}

/** The new secret, which is kept sealed until the delivery is over. */
async function secretOf(driver: Driver, { id }: Rotation): Promise<Secret> {
  const sealed = await driver.ledger.store.slots.sealed(id, SEALED_FIELD);
  if (sealed === undefined) throw new Failure('slot_damaged', 'the sealed secret of the delivery is gone');
  return driver.access.open(sealed);
}

async function check(driver: Driver, delivery: Delivery, { key, rotation }: Journalled): Promise<Journalled> {
  const command = delivery.check;
  if (command === undefined || command === 'waived') throw new Error('there is nothing to check with');
  const hide = await secretOf(driver, rotation);
  const run = { hide, env: environmentOf(key) };
  const { tries, ms } = await untilItWorks(driver, command, run, delivery.checkTimeoutMs);
  const checked = `checked by ${command.name}`;
  const done = await onRecord(checked, { interrupted: false }, () =>
    markChecked(driver.ledger, rotation, tries),
  );
  await driver.tell({ step: 'checked', by: command.name, tries, ms });
  return done;
}

/** Puts on record what was done outside. When that can't be, it was done all the same, and that is said. */
async function onRecord<T>(
  done: string,
  { interrupted }: Pick<CommandEnd, 'interrupted'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new StepFailed(
      `${done}, but that could not be put on record: ${reasonOf(error)}`,
      interrupted,
      error,
    );
  }
}

/** That the store wasn't changed by its last transaction is not that nothing was. */
function reasonOf({ message }: Error): string {
  return message.replace(/; nothing was (?:changed|done)$/, '');
}

/** Time is what the tries and pauses took, so that a wall clock that is set can neither end nor prolong it. */
async function untilItWorks(
  driver: Driver,
  command: OutsideCommand,
  run: Pick<Parameters<OutsideCommand['run']>[0], 'hide' | 'env'>,
  timeoutMs: number,
): Promise<{ tries: number; ms: number }> {
  let pause = FIRST_PAUSE;
  let ms = 0;
  for (let tries = 1; ; tries++) {
    await driver.tell({ step: 'running', by: command.name });
    const end: CommandEnd = await command.run({ ...run, timeoutMs: timeoutMs - ms });
    ms += end.ms;
    if (end.ok) return { tries, ms };
    if (end.interrupted) throw new StepFailed(`interrupted while checking with ${command.name}`, true);
    if (ms + pause >= timeoutMs)
      throw new StepFailed(`${command.name} failed for ${spell(timeoutMs)} (${end.reason})`, false);
    await driver.tell({ step: 'again', by: command.name, reason: end.reason, inMs: pause });
    if (await driver.pause(pause))
      throw new StepFailed(`interrupted while checking with ${command.name}`, true);
    ms += pause;
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  }
}

/** What the commands see besides the caller's environment. */
function environmentOf(key: Journalled['key']) {
  return { KEYWRIGHT_KEY_NAME: key.name, KEYWRIGHT_PUBLIC_KEY: publicKey(key) };
}

/** Why a step of a delivery was not done, half a sentence. */
class StepFailed extends Error {
  readonly interrupted: boolean;

  constructor(message: string, interrupted: boolean, cause?: Error) {
    super(message, { cause });
    this.interrupted = interrupted;
  }
}

/** Did a step fail because a signal told the program to stop? */
export function wasInterrupted(error: Failure): boolean {
  return error.cause instanceof StepFailed && error.cause.interrupted;
}

/** A failure after the new version was issued: says what verifies now, and how to go on. */
async function incomplete(driver: Driver, at: Journalled, error: unknown): Promise<Failure> {
  const { store, now } = driver.ledger;
  // A store that can't be read is no reason to say nothing of what is known.
  const closed = await whyClosed(store, at, now()).catch(() => undefined);
  if (closed !== undefined) return closed;
  const { key, rotation } = at;
  const versions = await store.keys.versions(key.kid).catch(() => []);
  const old = versions.find(({ version }) => version === rotation.fromVersion);
  const oldExpired = old !== undefined && old.expiresAt !== null && old.expiresAt <= now();
  const valid = oldExpired
    ? `version ${rotation.toVersion} is valid, version ${rotation.fromVersion} has expired`
    : `versions ${rotation.fromVersion} and ${rotation.toVersion} are both valid`;
  const known = error instanceof Failure || error instanceof StepFailed;
  const what = known ? reasonOf(error) : 'something failed that should not have';
  return new Failure('rotation_incomplete', `${what}; ${valid}`, { hint: driver.goOn, cause: error });
}

/** Revoked, rolled back or expired meanwhile: there is nothing to go on with then. */
async function whyClosed(
  store: Readers,
  { key, rotation }: Journalled,
  now: number,
): Promise<Failure | undefined> {
  const current = await keyNow(store, key.kid);
  const journalled = await store.rotations.byId(rotation.id);
  if (current.revokedAt !== null || journalled === undefined || !isOpen(journalled))
    return closedMeanwhile(current, journalled);
  return whyExpired(store, current, journalled, now);
}

/** `5 min`, `90 s`, `2 h`. */
export function spell(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 && seconds > 0 ? `${seconds / 60} min` : `${seconds} s`;
}
