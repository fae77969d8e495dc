import { onTestFinished } from 'vitest';
import { BusConnection, type Message } from './connection.ts';

/**
 * How the stub misbehaves: the prompt of `Unlock` or of `CreateItem` never completes, the prompt is
 * dismissed at once, or nothing is answered at all.
 */
export type Manner = 'unlock-hangs' | 'create-hangs' | 'dismisses' | 'silent';

export interface StubService {
  /** Names of the methods that were called, in order. */
  readonly calls: readonly string[];
  close(): void;
}

const COLLECTION = '/org/freedesktop/secrets/collection/login';
const ITEM = `${COLLECTION}/1`;
const PROMPT = '/org/freedesktop/secrets/prompt/p1';

/** Owns `org.freedesktop.secrets` on the bus and behaves as told. */
export async function startStub(address: string, manner: Manner): Promise<StubService> {
  const bus = await BusConnection.open(address);
  const calls: string[] = [];
  const locked = manner !== 'create-hangs';

  const answers: Record<string, () => [string, ...unknown[]]> = {
    OpenSession: () => [
      'vo',
      { sig: 'ay', value: new Array(128).fill(2) },
      '/org/freedesktop/secrets/session/s1',
    ],
    SearchItems: () => ['aoao', [], locked ? [ITEM] : []],
    Unlock: () => ['aoo', [], PROMPT],
    ReadAlias: () => ['o', COLLECTION],
    CreateItem: () => ['oo', '/', PROMPT],
    Get: () => ['v', { sig: 'b', value: locked }],
    Prompt: () => [''],
  };

  bus.onCall = (call: Message) => {
    const member = call.member ?? '';
    calls.push(member);
    if (manner === 'silent') return;
    const [sig, ...body] = answers[member]?.() ?? [''];
    const destination = call.sender ?? '';
    bus.send({ type: 2, replyTo: call.serial, destination, sig, body });
    if (member === 'Prompt' && manner === 'dismisses') {
      const dismissed = [true, { sig: 's', value: '' }];
      bus.send({
        type: 4,
        path: PROMPT,
        interface: 'org.freedesktop.Secret.Prompt',
        member: 'Completed',
        sig: 'bv',
        body: dismissed,
      });
    }
  };
  onTestFinished(() => bus.close());
  await bus.callBus('RequestName', 'su', 'org.freedesktop.secrets', 0);
  return { calls, close: () => bus.close() };
}
