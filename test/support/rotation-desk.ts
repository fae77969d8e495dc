import type { Ledger } from '../../src/domain/audit/change.ts';
import type { NewKey } from '../../src/domain/keys/create.ts';
import type { ApiKey } from '../../src/domain/keys/key.ts';
import type { OperatorAccess } from '../../src/domain/ports/secrets.ts';
import type { CommandEnd, OutsideCommand } from '../../src/domain/ports/system.ts';
import type { Delivery, Driver, Told } from '../../src/domain/rotations/deliver.ts';
import { issueVersion } from '../../src/domain/rotations/issue.ts';
import type { RotationRequest } from '../../src/domain/rotations/plan.ts';
import type { Rotation } from '../../src/domain/rotations/rotation.ts';
import { Secret } from '../../src/domain/secret.ts';
import { type Desk, openDesk } from './fake-ledger.ts';
import { aKey, verifierOn } from './fake-verifier.ts';

export const HOUR = 3_600_000;

/** Seals by writing down; what was sealed for one record opens for no other. */
const fakeAccess = (desk: Desk): Pick<OperatorAccess, 'hasher' | 'seal' | 'open'> => ({
  hasher: desk.means.hasher,
  seal: (secret, at) => ({ ...at, sealed: Buffer.from(`${at.record} ${at.version} ${secret.reveal()}`) }),
  open: ({ record, version, sealed }) => {
    const [of, number, text = ''] = Buffer.from(sealed).toString().split(' ');
    if (of !== record || number !== String(version)) throw new Error('sealed for something else');
    return new Secret(text);
  },
});

/** A command that ends so each time, the last way for ever, and remembers what it was given. */
export function fakeCommand(name: string, ...ends: readonly Partial<CommandEnd>[]) {
  const runs: { input: string | undefined; env: object; timeoutMs: number }[] = [];
  const command: OutsideCommand & { runs: typeof runs } = {
    name,
    runs,
    async run({ input, env, timeoutMs }) {
      const end = ends[Math.min(runs.length, ends.length - 1)];
      runs.push({ input: input?.reveal(), env, timeoutMs });
      return { ok: true, reason: 'exit 0', interrupted: false, ms: 10, ...end };
    },
  };
  return command;
}

export const FAILS = { ok: false, reason: 'exit 1' };

export function deliveryWith(change: Partial<Delivery> = {}): Delivery {
  return {
    deliver: fakeCommand('put'),
    as: undefined,
    deliverTimeoutMs: 600_000,
    check: undefined,
    checkTimeoutMs: 300_000,
    ...change,
  };
}

/** A key of ana's on a desk of its own, and ways to rotate it and to see which of its tokens verify. */
export async function openRotationDesk(wish: Partial<NewKey> = {}) {
  const desk = openDesk();
  const { key, token } = await aKey(desk, { name: 'deploy', ...wish });
  const access = fakeAccess(desk);
  const { verifier, usage } = verifierOn(desk);
  const told: Told[] = [];
  const pauses: number[] = [];
  const now = async (): Promise<ApiKey> => {
    const current = await desk.store.keys.byKid(key.kid);
    if (current === undefined) throw new Error('the key is gone');
    return current;
  };
  const request = (change: Partial<RotationRequest> = {}): RotationRequest => ({
    graceMs: HOUR,
    delivery: false,
    check: false,
    ...change,
  });
  return {
    ...desk,
    desk,
    key,
    token,
    access,
    told,
    pauses,
    usage,
    now,
    verifier,
    /** Rotates the key as it is now; `read` is what was read of it before. */
    rotate: async (change: Partial<RotationRequest> = {}, read?: ApiKey, ledger: Ledger = desk.ledger) =>
      issueVersion(ledger, { access, random: desk.means.random }, read ?? (await now()), request(change)),
    driver: (ledger: Ledger = desk.ledger): Driver => ({
      ledger,
      access,
      pause: async (ms) => {
        pauses.push(ms);
        return false;
      },
      tell: async (one) => void told.push(one),
      goOn: 'keywright rotations resume deploy',
    }),
    /** The code of each token, and its version where it verifies. */
    codes: async (...tokens: readonly string[]) => {
      const answers: string[] = [];
      for (const one of tokens) {
        const { code, version } = await verifier.verify(one, {});
        answers.push(code === 'ok' ? `ok ${version}` : code);
      }
      return answers;
    },
    rotation: async (): Promise<Rotation> => {
      const latest = await desk.store.rotations.latest(key.kid);
      if (latest === undefined) throw new Error('never rotated');
      return latest;
    },
    entries: async () => (await desk.log()).filter(({ target }) => target === `key_${key.kid}`),
    sealed: async () => (await desk.store.slots.allSealed()).length,
  };
}
