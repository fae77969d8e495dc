import { PROGRAM } from '../../errors.ts';
import { type ChainReport, checkChain } from '../audit/check.ts';
import type { AuditEntry } from '../audit/entry.ts';
import type { ApiKey } from '../keys/key.ts';
import { parseNetwork } from '../keys/networks.ts';
import { isScope } from '../keys/scopes.ts';
import { allKeys } from '../keys/select.ts';
import { publicKey } from '../keys/token.ts';
import type { AuditSealer } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import type { AnchorMark } from '../ports/system.ts';
import { openDeliveries } from '../rotations/open.ts';
import { appFindings } from './apps.ts';
import { AppComparison } from './compare-apps.ts';
import { GrantComparison } from './compare-grants.ts';
import { KeyComparison } from './compare-keys.ts';
import { RecordComparison } from './compare-records.ts';
import { WorkspaceComparison } from './compare-workspaces.ts';
import { rotationFindings } from './rotations.ts';

/** Something that is wrong, and what to do about it. */
export interface HealthFinding {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly fixable: boolean;
}

/**
 * Walks the whole log and all keys, which must be of one moment. What can't be checked while locked is left out, not
 * guessed. `apps` tells of each app whether it is as the log says; undefined when the log breaks off.
 */
export async function examine(
  store: Readers,
  parts: { sealer: AuditSealer | undefined; anchor: AnchorMark | undefined; now: number },
): Promise<{
  findings: readonly HealthFinding[];
  chain: ChainReport;
  apps: AppComparison | undefined;
}> {
  const comparison = new KeyComparison();
  const apps = new AppComparison();
  const grants = new GrantComparison();
  const workspaces = new WorkspaceComparison();
  const records = new RecordComparison();
  const watched = {
    async from(seq: number, limit: number): Promise<readonly AuditEntry[]> {
      const page = await store.audit.from(seq, limit);
      for (const entry of page) {
        comparison.entry(entry);
        apps.entry(entry);
        grants.entry(entry);
        workspaces.entry(entry);
        records.entry(entry);
      }
      return page;
    },
  };
  const chain = await checkChain(watched, parts.sealer, parts.anchor);
  const findings: HealthFinding[] = chainFindings(chain);
  if (chain.bad === null) {
    for (const { target, reason } of await workspaces.differences(store.workspaces))
      findings.push({ ...differs(target, reason), code: 'workspace_differs' });
    for (const { target, reason } of await records.differences(store))
      findings.push({ ...differs(target, reason), code: `${target.split(' ')[0]}_differs` });
  }
  const open = await openDeliveries(store);
  for await (const key of allKeys(store, {}, parts.now)) {
    // A log that breaks off says nothing about what comes after it.
    const difference = chain.bad === null ? comparison.key(key) : undefined;
    if (difference !== undefined) findings.push(differs(difference.target, difference.reason));
    findings.push(...unreadable(key), ...(await rotationFindings(store, key, open.get(key.kid), parts.now)));
  }
  if (chain.bad === null)
    for (const { target, reason } of comparison.missing()) findings.push(differs(target, reason));
  const known = chain.bad === null ? { apps, grants } : undefined;
  findings.push(...(await appFindings(store, parts.now, known)));
  return { findings, chain, apps: known?.apps };
}

function chainFindings(chain: ChainReport): HealthFinding[] {
  const findings: HealthFinding[] = [];
  if (chain.bad !== null) {
    const message = `the audit log is wrong from entry ${chain.bad.seq} on: ${chain.bad.reason}`;
    findings.push({ code: 'audit_broken', message, fixable: false });
  }
  return findings;
}

function unreadable(key: ApiKey): readonly HealthFinding[] {
  const parts = [
    ...key.scopes.filter((one) => !isScope(one)),
    ...key.networks.filter((one) => 'reason' in parseNetwork(one)),
  ];
  if (parts.length === 0) return [];
  const message = `${publicKey(key)} has scopes or networks that can't be read, so they grant nothing: ${parts.join(' ')}`;
  return [{ code: 'key_unreadable', message, fixable: false }];
}

function differs(target: string, reason: string): HealthFinding {
  return {
    code: 'key_differs',
    message: `${target} was changed behind the program's back: ${reason}`,
    hint: `${PROGRAM} audit list${target.startsWith('key_') ? ` --key ${target}` : ''}`,
    fixable: false,
  };
}
