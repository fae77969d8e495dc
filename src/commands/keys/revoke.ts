import { revokeKeys, stopping } from '../../domain/keys/stop.ts';
import type { Command } from '../command.ts';
import { KEY_SELECTION, YES } from '../options.ts';
import { stopKeys } from './stop.ts';

export const revoke: Command = {
  name: 'revoke',
  summary: 'revoke keys at once and for good',
  details:
    'Effective for every verifier when the command returns. Unlocks nothing, so it works without the keychain, but to check a secret given by --from-stdin.',
  arguments: [{ name: '[key...]', about: 'names, ids or public keys', completes: 'key' }],
  options: [...KEY_SELECTION, { flags: '--reason <text>', about: 'why, for the record' }, YES],
  examples: [
    'keys revoke billing',
    'keys revoke --from-stdin --yes < leaked.txt',
    'keys revoke --owner ana --expect 3 --yes',
  ],
  run(context, input) {
    const reason = input.line('reason');
    return stopKeys(context, input, {
      done: 'revoked',
      already: 'revoked already',
      warning: 'revoking is immediate and can not be taken back; keys disable is the pause',
      question: (count) => (count === 1 ? 'revoke it?' : `revoke these ${count} keys?`),
      isDue: (key) => key.revokedAt === null,
      wish: stopping,
      act: (ledger, selection, expect) => revokeKeys(ledger, selection, { reason, expect }),
      ledger: 'locked',
    });
  },
};
