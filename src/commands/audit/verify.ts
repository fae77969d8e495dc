import type { Context } from '../../context.ts';
import { hex } from '../../domain/audit/chain.ts';
import { type ChainReport, checkChain } from '../../domain/audit/check.ts';
import { compareAnchor } from '../../domain/audit/compare-anchor.ts';
import { checkExport, readPublicKey } from '../../domain/audit/export.ts';
import { readUnlocked } from '../../domain/slots/locked-store.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import { badValue, type Input } from '../input.ts';
import { counted } from '../plural.ts';

export const verify: Command = {
  name: 'verify',
  summary: 'check that the audit log is whole and unchanged',
  details:
    'With --file an exported log is checked with the public key alone, on any machine and without a store.',
  options: [
    { flags: '--file <file>', about: 'check this exported log', completes: 'file' },
    {
      flags: '--public-key <key>',
      about: 'the public key of the export: base64, or a PEM file',
      completes: 'file',
    },
  ],
  examples: ['audit verify', 'audit verify --file audit.jsonl --public-key audit.pem'],
  async run(context, input) {
    const file = input.text('file');
    return file === undefined ? ownLog(context, input) : exportedLog(context, input, file);
  },
};

async function ownLog(context: Context, input: Input): Promise<undefined> {
  if (input.text('publicKey') !== undefined) throw badValue('publicKey', 'goes with --file');
  const remembered = context.anchor().read();
  const store = await context.store({ unchecked: true });
  // Another store's log may be whole, and is not the one to check. One that was rolled back is told below.
  const problem = await compareAnchor(remembered, store);
  if (problem?.code === 'store_foreign') throw problem;
  const report = await readUnlocked(store, context, ({ audit }, { access, mark }) =>
    checkChain(audit, access.audit, mark),
  );
  await tell(context, report);
  if (report.bad === null) return undefined;
  throw new Failure(
    'findings',
    `the audit log is wrong from entry ${report.bad.seq} on: ${report.bad.reason}`,
    {
      hint: '{keywright} doctor tells what else differs',
    },
  );
}

async function tell(context: Context, report: ChainReport): Promise<void> {
  const head = report.head === null ? null : { seq: report.head.seq, hash: hex(report.head.hash) };
  const ranges = report.lockedRanges.map(({ from, to, sealed }) => ({ from, to, sealed }));
  const facts = {
    ok: report.bad === null,
    entries: report.entries,
    first_bad: report.bad?.seq ?? null,
    head,
  };
  if (context.out.audience === 'json') {
    await context.out.json({ ...facts, locked_ranges: ranges, clock_went_back: report.clockWentBack });
    return;
  }
  for (const { from, to, sealed } of ranges) {
    const which = from === to ? `entry ${from} was` : `entries ${from} to ${to} were`;
    await context.out.say(
      `${which} made while the store was locked${sealed ? '' : '; the next unlocked change seals them'}`,
    );
  }
  for (const seq of report.clockWentBack) await context.out.say(`entry ${seq}: the clock had gone back`);
  if (report.bad === null)
    await context.out.value(`${counted(report.entries, 'entry', 'entries')}, unchanged`, {});
}

async function exportedLog(context: Context, input: Input, file: string): Promise<undefined> {
  const given = input.text('publicKey');
  if (given === undefined)
    throw new Failure('usage', '--public-key is missing: without it anyone could have signed the export', {
      hint: 'where the store is, {keywright} audit export --public-key > audit.pem; then',
      retry: { append: '--public-key=audit.pem' },
    });
  const { entries, bad } = await checkExport(context.fileLines(file), await publicKeyOf(context, given));
  if (context.out.audience === 'json')
    await context.out.json({ ok: bad === null, entries, first_bad_line: bad?.line ?? null });
  else if (bad === null)
    await context.out.value(`${counted(entries, 'entry', 'entries')}, unchanged and signed by this key`, {});
  if (bad === null) return undefined;
  throw new Failure('findings', `the exported log is wrong in line ${bad.line}: ${bad.reason}`);
}

/** The key itself in base64, or the file that holds it. */
async function publicKeyOf(context: Context, given: string): Promise<string> {
  const direct = /^[A-Za-z0-9+/]{43}=$/.test(given) ? readPublicKey(given) : undefined;
  if (direct !== undefined) return direct;
  const lines: string[] = [];
  for await (const line of context.fileLines(given)) if (lines.push(line) > 10) break;
  const key = readPublicKey(lines.join('\n'));
  if (key === undefined)
    throw badValue('publicKey', 'is neither 32 bytes in base64 nor a PEM file with an Ed25519 key');
  return key;
}
