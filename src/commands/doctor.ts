import type { Context } from '../context.ts';
import type { App } from '../domain/apps/app.ts';
import { change } from '../domain/audit/change.ts';
import type { ChainReport } from '../domain/audit/check.ts';
import { compareAnchor } from '../domain/audit/compare-anchor.ts';
import type { AppComparison } from '../domain/health/compare-apps.ts';
import { examine, type HealthFinding } from '../domain/health/examine.ts';
import type { Readers, Store } from '../domain/ports/store.ts';
import type { AnchorMark } from '../domain/ports/system.ts';
import { readUnlocked, type Unlocked } from '../domain/slots/locked-store.ts';
import { type ErrorCode, EXIT, Failure } from '../errors.ts';
import { acceptRollback } from './accept-rollback.ts';
import { takeBackPending } from './apps/take-back.ts';
import type { Command } from './command.ts';
import { DRY_RUN, YES } from './options.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'find what is wrong, and mend what is safe to mend',
  details: 'Exit 10 when something is left. Nothing is ever deleted or changed because it could not be read.',
  options: [
    { flags: '--fix', about: 'mend what is safe to mend' },
    {
      flags: '--accept-rollback',
      about: 'go on with a store that is older than, or another than, this machine remembers',
    },
    { ...DRY_RUN, about: 'with --accept-rollback: only show what may be undone; mends nothing' },
    YES,
  ],
  examples: ['doctor', 'doctor --fix', 'doctor --json'],
  async run(context, input) {
    if (input.flag('acceptRollback')) return acceptRollback(context, input);
    const fix = input.flag('fix') && !input.flag('dryRun');
    const mended = fix ? [...(await context.repair())] : [];
    const findings = [...(await context.inspect())];
    if (!context.hasStore()) noStore(context, findings);
    else mended.push(...(await lookInside(context, fix, findings)));
    return tell(context, findings, mended);
  },
};

function noStore(context: Context, findings: HealthFinding[]): void {
  const where = context.places().store;
  let gone = false;
  try {
    gone = context.anchor().read() !== undefined;
  } catch (error) {
    tellOnce(findings, error);
  }
  // A store that is gone still needs its key file.
  if (gone) take(findings, 'key_file_alone');
  findings.push(
    gone
      ? {
          code: 'store_missing',
          message: `the store that was at ${where} is gone`,
          hint: 'put it back, or {keywright} doctor --accept-rollback',
          fixable: false,
        }
      : {
          code: 'no_store',
          message: `there is no store at ${where}`,
          hint: '{keywright} init',
          fixable: false,
        },
  );
}

/** What a look at the files has said already of a store that can't be opened or read, by what opening it says. */
const SAID: { readonly [code in ErrorCode]?: readonly string[] } = {
  store_permissions: ['mode', 'owner', 'link'],
  store_damaged: ['damaged', 'schema'],
};

function tellOnce(findings: HealthFinding[], error: unknown): void {
  const finding = findingOf(error);
  const same = [finding.code, ...(SAID[finding.code] ?? [])];
  if (!findings.some(({ code }) => same.includes(code))) findings.push(finding);
}

/** What only the open store can tell. Adds to `findings`; gives back what was mended. */
async function lookInside(
  context: Context,
  fix: boolean,
  findings: HealthFinding[],
): Promise<readonly string[]> {
  let store: Store;
  let seen: Examined;
  try {
    const remembered = context.anchor().read();
    store = await context.store({ unchecked: true });
    seen = await examined(context, store, remembered);
  } catch (error) {
    tellOnce(findings, error);
    return [];
  }
  const { rolledBack, locked, tampered, chain, findings: more } = seen;
  for (const failure of [rolledBack, locked]) if (failure !== undefined) findings.push(findingOf(failure));
  // By the keys of another store every MAC is wrong.
  if (rolledBack?.code !== 'store_foreign' && tampered) {
    findings.push({ code: 'anchor_edited', message: `${context.anchor().path} was edited`, fixable: false });
  }
  findings.push(...more);
  const writable = !findings.some(({ code }) => code === 'readonly');
  const mends = fix && writable && locked === undefined && rolledBack === undefined && chain.bad === null;
  const isEdited = (app: App): boolean => seen.apps?.app(app) !== undefined;
  const mended = mends ? await retryRevocations(context, findings, isEdited) : [];
  // Revoking while locked is everyday work, so what awaits its seal is no finding.
  const open = chain.lockedRanges.find((range) => !range.sealed);
  if (open === undefined || !mends) return mended;
  await sealLog(context, store);
  const which = open.from === open.to ? `entry ${open.from}` : `entries ${open.from} to ${open.to}`;
  return [...mended, `sealed audit ${which}, made while locked`];
}

/** Tries pending revocations again at their providers. What is still pending stays among the findings. */
async function retryRevocations(
  context: Context,
  findings: HealthFinding[],
  isEdited: (app: App) => boolean,
): Promise<readonly string[]> {
  if (!findings.some(({ code }) => code === 'revocation_pending')) return [];
  const { mended, left } = await takeBackPending(context, isEdited);
  take(findings, 'revocation_pending');
  findings.push(...left);
  return mended;
}

/** Takes the findings of this code out. */
function take(findings: HealthFinding[], code: string): void {
  findings.splice(0, findings.length, ...findings.filter((finding) => finding.code !== code));
}

/** An unlocked change seals everything before it. */
async function sealLog(context: Context, store: Store): Promise<void> {
  await change(await context.ledger('unlocked'), async (_tx, record) => {
    record({ action: 'store.seal', target: store.identity.id, workspaceId: null, facts: {} });
  });
}

/** What a look at all records as of one moment tells; `locked` says why it was made without the keys. */
interface Examined {
  readonly rolledBack: Failure | undefined;
  readonly locked?: Failure;
  readonly tampered: boolean;
  readonly chain: ChainReport;
  readonly findings: readonly HealthFinding[];
  readonly apps: AppComparison | undefined;
}

/** The doctor goes on without the keys: what is locked is a finding, not the end. */
async function examined(
  context: Context,
  store: Store,
  remembered: AnchorMark | undefined,
): Promise<Examined> {
  const known = remembered?.storeId === store.identity.id ? remembered : undefined;
  const look = async (readers: Readers, unlocked?: Unlocked): Promise<Examined> => ({
    rolledBack: await compareAnchor(remembered, { identity: store.identity, audit: readers.audit }),
    tampered: unlocked?.tampered === true,
    ...(await examine(readers, {
      sealer: unlocked?.access.audit,
      anchor: unlocked === undefined ? known : unlocked.mark,
      now: context.now(),
    })),
  });
  try {
    return await readUnlocked(store, context, look);
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== EXIT.locked) throw error;
    const locked = new Failure(error.code, `${error.message}; seals were not checked`, { hint: error.hint });
    return { ...(await store.readTogether((readers) => look(readers))), locked };
  }
}

function findingOf(error: unknown): HealthFinding & { readonly code: ErrorCode } {
  if (!(error instanceof Failure)) throw error;
  return { code: error.code, message: error.message, hint: error.hint, fixable: false };
}

/** Without the advice to run what is being run. */
function besidesDoctor(hint: string | undefined): string | undefined {
  const parts = hint?.split('; ').filter((part) => !/^\{keywright\} doctor(?! --)/.test(part));
  return parts?.join('; ') || undefined;
}

async function tell(
  context: Context,
  found: readonly HealthFinding[],
  mended: readonly string[],
): Promise<undefined> {
  const { out } = context;
  const findings = found.map(({ code, message, hint: full, fixable }) => {
    const next = besidesDoctor(full);
    const hint = next === undefined ? null : out.spelled(next);
    return { code, message: out.spelled(message), hint, fixable };
  });
  for (const line of mended) await out.say(`mended: ${line}`);
  if (out.audience === 'json') {
    await out.json({ ok: findings.length === 0, findings, mended });
  } else if (out.audience === 'table') {
    for (const { message, hint } of findings) {
      await out.value(message, {});
      if (hint !== null) await out.hint(hint);
    }
    if (findings.length === 0) await out.value('nothing is wrong', {});
  } else {
    await out.list({
      key: 'findings',
      columns: [
        { header: 'CODE', tsv: ({ code }) => code },
        { header: 'FINDING', tsv: ({ message }) => message },
        { header: 'HINT', tsv: ({ hint }) => hint ?? '' },
      ],
      json: (finding) => finding,
      pages: (async function* () {
        yield { items: findings, next: null };
      })(),
    });
  }
  if (findings.length === 0) return undefined;
  const fixable = findings.some((finding) => finding.fixable);
  const what = findings.length === 1 ? 'one thing is' : `${findings.length} things are`;
  throw new Failure('findings', `${what} wrong`, fixable ? { hint: '{keywright} doctor --fix' } : {});
}
