import type { Context } from '../../context.ts';
import type { Ledger } from '../../domain/audit/change.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import type { OperatorAccess } from '../../domain/ports/secrets.ts';
import type { OutsideCommand } from '../../domain/ports/system.ts';
import { type Delivery, type Driver, spell, type Told } from '../../domain/rotations/deliver.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import { commandLine } from '../../terminal/shell.ts';
import type { Option } from '../command.ts';
import { badValue, type Input } from '../input.ts';

const DELIVER_TIMEOUT = { text: '10m', ms: 600_000 };
const CHECK_TIMEOUT = { text: '5m', ms: 300_000 };

/** How a new secret gets to where it is used. */
export const DELIVERY: readonly Option[] = [
  {
    flags: '--deliver <command>',
    about: 'hand the new secret key to this command on stdin, instead of printing it',
  },
  { flags: '--deliver-as <name>', about: 'hand it over as NAME=value' },
  {
    flags: '--deliver-timeout <duration>',
    about: `end the delivery after (default: ${DELIVER_TIMEOUT.text})`,
  },
  {
    flags: '--check <command>',
    about: 'cut the old version off only once this command succeeds, tried again until then',
  },
  { flags: '--no-check', about: 'go on with a delivery without the check that it was started with' },
  { flags: '--check-timeout <duration>', about: `give the check up after (default: ${CHECK_TIMEOUT.text})` },
];

/** What the flags say about delivering, with both commands found; undefined without any of them. */
export async function deliveryOf(context: Context, input: Input): Promise<Delivery | undefined> {
  const deliver = input.text('deliver');
  const check = input.text('check');
  const waived = input.off('check');
  const as = input.text('deliverAs');
  const needs = (flag: string, other: string): Failure =>
    new Failure('usage', `${flag} says something about ${other}, which is missing`);
  if (deliver === undefined && as !== undefined) throw needs('--deliver-as', '--deliver');
  if (deliver === undefined && input.text('deliverTimeout') !== undefined)
    throw needs('--deliver-timeout', '--deliver');
  if (check === undefined && input.text('checkTimeout') !== undefined)
    throw needs('--check-timeout', '--check');
  if (as !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(as))
    throw badValue('deliverAs', 'must be a name of letters, digits and _, not beginning with a digit');
  if (deliver === undefined && check === undefined && !waived) return undefined;
  const commands = await context.commands();
  const found = (text: string | undefined, flag: string): OutsideCommand | undefined =>
    text === undefined ? undefined : commands.find(text, flag);
  return {
    deliver: found(deliver, '--deliver'),
    as,
    deliverTimeoutMs: input.shortDuration('deliverTimeout') ?? DELIVER_TIMEOUT.ms,
    check: waived ? 'waived' : found(check, '--check'),
    checkTimeoutMs: input.shortDuration('checkTimeout') ?? CHECK_TIMEOUT.ms,
  };
}

/** Drives deliveries of one key and tells of it on stderr. */
export async function driverFor(
  context: Context,
  means: { readonly ledger: Ledger; readonly access: OperatorAccess },
  key: ApiKey,
  workspace: string,
  check: boolean,
): Promise<Driver> {
  const commands = await context.commands();
  return {
    ...means,
    async pause(ms) {
      const stopped = await commands.pause(ms);
      // What the next command prints is to begin a line of its own.
      context.out.notice.clear();
      return stopped;
    },
    tell: teller(context),
    goOn: goOnWith(key.name, workspace, check),
  };
}

/** The command that goes on with an open delivery. */
export function goOnWith(name: string, workspace: string, check: boolean): string {
  return `${commandLine(PROGRAM, 'rotations', 'resume', name, '-w', workspace)} --deliver …${check ? ' --check …' : ''}`;
}

/** A command that takes longer than this is named, ms. */
const LONG = 2000;

function teller(context: Context): Driver['tell'] {
  const { out } = context;
  let told: Told | undefined;
  return async (now) => {
    told = now;
    if (now.step === 'running')
      context.later(() => void (told === now && out.say(`waiting for ${now.by}`)), LONG);
    else if (now.step === 'delivered') await out.say(`delivered: ${now.by}`);
    else if (now.step === 'checked') await out.say(`checked: ${now.by}${tries(now.tries, now.ms)}`);
    else out.notice.show(`${now.by} failed (${now.reason}); again in ${spell(now.inMs)}`);
  };
}

const ORDINALS = ['second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];

function tries(count: number, ms: number): string {
  if (count === 1) return '';
  return ` (${ORDINALS[count - 2] === undefined ? `try ${count}` : `${ORDINALS[count - 2]} try`}, ${spell(ms)})`;
}
