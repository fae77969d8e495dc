import { enableKeys, refuseRevoked, waking } from '../../domain/keys/stop.ts';
import type { Command } from '../command.ts';
import { KEY_SELECTION } from '../options.ts';
import { stillStopped } from './describe.ts';
import { stopKeys } from './stop.ts';

export const enable: Command = {
  name: 'enable',
  summary: 'end the pause of disabled keys',
  arguments: [{ name: '[key...]', about: 'names, ids or public keys', completes: 'key' }],
  options: KEY_SELECTION,
  examples: ['keys enable billing', 'keys enable --status disabled'],
  run(context, input) {
    return stopKeys(context, input, {
      done: 'enabled',
      already: 'enabled already',
      still: stillStopped,
      warning: undefined,
      question: () => '',
      isDue: (key) => refuseRevoked(key, 'enabled').disabledAt !== null,
      wish: () => waking,
      act: (ledger, selection, expect) => enableKeys(ledger, selection, { expect }),
      ledger: 'unlocked',
    });
  },
};
