import type { AuditEntry, Facts, NewEntry } from '../audit/entry.ts';
import { integrationEntry } from '../integrations/manage.ts';
import type { Readers } from '../ports/store.ts';
import { slotEntry } from '../setup/initialise.ts';
import type { Difference } from './compare-keys.ts';

/** A record as it is in the store: what people call it, and what its entries tell of it. */
interface Stored {
  readonly id: string;
  readonly called: string;
  readonly facts: Facts;
}

function storedBy({ action, target, facts }: NewEntry): Stored {
  return { id: target, called: `${action} ${facts.name}`, facts };
}

/** Compares slots and integrations with the newest audit entry about each. Feed it all entries in order, then ask. */
export class RecordComparison {
  readonly #logged = new Map<string, Pick<NewEntry, 'action' | 'facts'>>();

  /** Takes note of an entry. */
  entry({ action, target, facts }: AuditEntry): void {
    if (action === 'slot.remove' || action === 'integration.remove') this.#logged.delete(target);
    else if (/^(slot|integration)\./.test(action)) this.#logged.set(target, { action, facts });
  }

  /** What is other than the log tells, what it doesn't tell of, and what is gone. */
  async differences(readers: Pick<Readers, 'slots' | 'integrations'>): Promise<readonly Difference[]> {
    const left = new Map(this.#logged);
    const stored: Stored[] = [
      ...(await readers.slots.all()).map((slot) => storedBy(slotEntry('slot', slot))),
      ...(await readers.integrations.all()).map((one) => storedBy(integrationEntry('integration', one))),
    ];
    const found = stored.flatMap(({ id, called, facts }) => {
      const logged = left.get(id)?.facts;
      left.delete(id);
      if (logged === undefined) return { target: called, reason: 'no audit entry tells of it' };
      const then = JSON.stringify(Object.keys(facts).map((name) => logged[name]));
      return then === JSON.stringify(Object.values(facts))
        ? []
        : {
            target: called,
            reason: `the log says ${JSON.stringify(logged)}, the store ${JSON.stringify(facts)}`,
          };
    });
    const gone = [...left.values()].map(({ action, facts: { name } }) => ({
      target: `${action.split('.')[0]} ${name}`,
      reason: 'the log tells of it, and the store does not have it',
    }));
    return [...found, ...gone];
  }
}
