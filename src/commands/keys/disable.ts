import { disableKeys, refuseRevoked, stopping } from '../../domain/keys/stop.ts';
import type { Command } from '../command.ts';
import { KEY_SELECTION, YES } from '../options.ts';
import { stopKeys } from './stop.ts';

export const disable: Command = {
  name: 'disable',
  summary: 'pause keys; keys enable takes it back',
  details:
    'Effective for every verifier when the command returns. Unlocks nothing, so it works without the keychain, but to check a secret given by --from-stdin.',
  arguments: [{ name: '[key...]', about: 'names, ids or public keys', completes: 'key' }],
  options: [...KEY_SELECTION, YES],
  examples: ['keys disable billing', 'keys disable --match staging --expect 4 --yes'],
  run(context, input) {
    return stopKeys(context, input, {
      done: 'disabled',
      already: 'disabled already',
      warning: 'disabled keys stop verifying at once, until keys enable',
      question: (count) => (count === 1 ? 'disable it?' : `disable these ${count} keys?`),
      isDue: (key) => refuseRevoked(key, 'disabled').disabledAt === null,
      wish: stopping,
      act: (ledger, selection, expect) => disableKeys(ledger, selection, { expect }),
      ledger: 'locked',
    });
  },
};
