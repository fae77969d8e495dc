import type { Context } from '../../context.ts';
import { publicKey } from '../../domain/keys/token.ts';
import { aloneWith } from '../../domain/rotations/alone.ts';
import { rollBack, wayBack } from '../../domain/rotations/rollback.ts';
import type { Rotation } from '../../domain/rotations/rotation.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { expiry, lastUsed, type Shown, showing } from '../keys/describe.ts';
import { checkedBy, oneKey } from '../keys/which.ts';
import { DRY_RUN, FROM_STDIN, WORKSPACE, YES } from '../options.ts';
import { rotatedJson } from './one.ts';

export const rollback: Command = {
  name: 'rollback',
  summary: 'take a rotation back: the old version is current again, the new one ends',
  details:
    'For an open delivery, and for a finished rotation as long as the old version verifies. It extends nothing: an earlier expiry that the key was given since holds for the old version, too.',
  arguments: [{ name: '[key]', about: 'name, id or public key', completes: 'key' }],
  options: [WORKSPACE, FROM_STDIN, DRY_RUN, YES],
  examples: ['rotations rollback deploy', 'rotations rollback deploy --yes --json'],
  async run(context, input) {
    const store = await context.store();
    const shown = (await showing(store))(await oneKey(context, store, input, checkedBy(input)));
    const { key } = shown;
    const way = await wayBack(store, context.actor(), key, context.now());
    if ('already' in way) return answer(context, shown, way.already, true);
    const { fromVersion, toVersion } = way.rotation;
    if (input.flag('dryRun')) {
      await context.out.say(
        `would end version ${toVersion}; version ${fromVersion} would be the current one, ${expiry(way.expiresAt, context.now())}`,
      );
      return answer(context, shown, way.rotation, false);
    }
    await confirm(context, input, {
      lines: [
        `version ${toVersion} of ${key.name}  ${lastUsed(key, context.now(), key.versionUsedAt)}`,
        `it stops verifying at once; version ${fromVersion} is the current one again`,
      ],
      question: `roll ${key.name} back to version ${fromVersion}?`,
    });
    const ledger = await context.ledger('unlocked');
    const done = await aloneWith(
      store,
      key,
      () => rollBack(ledger, key),
      `rotations rollback ${publicKey(key)}`,
    );
    if (!done.already) {
      await context.out.say(`rolled back ${key.name}: version ${toVersion} has ended`);
      await context.out.say(
        `version ${fromVersion} is the current one, ${expiry(done.key.expiresAt, context.now())}`,
      );
    }
    return answer(context, { ...shown, key: done.key }, done.rotation, done.already);
  },
};

async function answer(
  context: Context,
  shown: Shown,
  rotation: Rotation,
  already: boolean,
): Promise<undefined> {
  if (already) await context.out.say(`${shown.key.name} was rolled back already`);
  if (context.out.audience === 'table') return undefined;
  const json = await rotatedJson(await context.store(), shown, { key: shown.key, rotation }, context.now());
  await context.out.value(publicKey(shown.key), json);
  return undefined;
}
