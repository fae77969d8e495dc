import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { AuditReader } from '../ports/store.ts';
import { entryHash, GENESIS, hex, sameBytes } from './chain.ts';
import type { AuditEntry, Facts } from './entry.ts';

/** Where the signing seed is sealed in the store. */
export const SIGNING_KEY = { record: 'audit', field: 'signing-seed', version: 1 } as const;
/** PKCS #8 and SPKI headers of a raw Ed25519 key (RFC 8410 sections 4 and 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PAGE = 1000;

/** The Ed25519 key pair of a 32-byte seed (RFC 8032 section 5.1.5). */
export function signingKey(seed: Uint8Array): { privateKey: KeyObject; publicKey: string } {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { privateKey, publicKey: spki.subarray(SPKI.length).toString('base64') };
}

/** The public key as PEM, for other tools. */
export function publicKeyPem(publicKey: string): string {
  return keyOf(publicKey).export({ format: 'pem', type: 'spki' }).toString();
}

/**
 * The log from entry `since` to entry `end` as JSON lines: one entry a line in order, then one line with
 * an Ed25519 signature over the SHA-256 of all bytes before it. Whoever has the public key can check it
 * with nothing else.
 */
export async function* exportLog(
  log: Pick<AuditReader, 'from'>,
  since: number,
  end: number,
  seed: Uint8Array,
): AsyncGenerator<string> {
  const { privateKey, publicKey } = signingKey(seed);
  const digest = createHash('sha256');
  let entries = 0;
  for (let seq = since; seq <= end; ) {
    const page = await log.from(seq, Math.min(PAGE, end - seq + 1));
    for (const entry of page) {
      const line = `${JSON.stringify(lineOf(entry))}\n`;
      digest.update(line);
      entries++;
      yield line;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    seq = last.seq + 1;
  }
  const signature = sign(null, digest.digest(), privateKey).toString('base64');
  yield `${JSON.stringify({ entries, public_key: publicKey, signature })}\n`;
}

/** What a check of an exported file found: the first bad line (from 1) and why, or null. */
export interface ExportReport {
  readonly entries: number;
  readonly bad: { readonly line: number; readonly reason: string } | null;
}

/**
 * Checks an exported log, given line by line without the newlines, against a public key (base64 of 32
 * bytes). Throws nothing for what a file can hold.
 */
export async function checkExport(lines: AsyncIterable<string>, publicKey: string): Promise<ExportReport> {
  const digest = createHash('sha256');
  let entries = 0;
  let before: { seq: number; hash: string } | undefined;
  let held: string | undefined;
  for await (const line of lines) {
    if (held !== undefined) {
      const checked = checkLine(held, before);
      if ('reason' in checked) return { entries, bad: { line: entries + 1, reason: checked.reason } };
      digest.update(`${held}\n`);
      entries++;
      before = checked;
    }
    held = line;
  }
  const reason = signatureProblem(digest.digest(), held ?? '', publicKey, entries);
  return { entries, bad: reason === undefined ? null : { line: entries + 1, reason } };
}

/** Reads an Ed25519 public key given as base64 or PEM; undefined when it is neither. */
export function readPublicKey(text: string): string | undefined {
  try {
    const key = text.includes('BEGIN') ? createPublicKey(text) : keyOf(text.trim());
    if (key.asymmetricKeyType !== 'ed25519') return undefined;
    return key.export({ format: 'der', type: 'spki' }).subarray(SPKI.length).toString('base64');
  } catch {
    return undefined;
  }
}

function keyOf(publicKey: string): KeyObject {
  return createPublicKey({
    key: Buffer.concat([SPKI, Buffer.from(publicKey, 'base64')]),
    format: 'der',
    type: 'spki',
  });
}

function lineOf(entry: AuditEntry): object {
  const { seq, at, actor, osUser, action, target, workspaceId, facts, locked, prev, hash } = entry;
  const time = { at, time: new Date(at).toISOString() };
  const what = { actor, os_user: osUser, action, target, workspace_id: workspaceId, facts, locked };
  return { seq, ...time, ...what, prev: hex(prev), hash: hex(hash) };
}

function checkLine(
  line: string,
  before: { seq: number; hash: string } | undefined,
): { seq: number; hash: string } | { reason: string } {
  let raw: { [name: string]: unknown };
  try {
    raw = JSON.parse(line);
  } catch {
    return { reason: 'it is not JSON' };
  }
  if (raw === null || typeof raw !== 'object' || typeof raw.seq !== 'number')
    return { reason: 'it is not an entry' };
  const { prev, hash } = raw;
  if (typeof prev !== 'string' || typeof hash !== 'string') return { reason: 'it is not an entry' };
  if (before !== undefined && raw.seq !== before.seq + 1)
    return { reason: `entry ${before.seq + 1} is missing` };
  const continues =
    before === undefined
      ? raw.seq !== 1 || sameBytes(Buffer.from(prev, 'hex'), GENESIS)
      : prev === before.hash;
  if (!continues) return { reason: 'it does not continue the entry before' };
  if (hashOf(raw, prev) !== hash) return { reason: 'it was changed' };
  return { seq: raw.seq, hash };
}

/** Undefined for what can't be written as JSON again: nested deeper than the stack is. */
function hashOf(raw: { [name: string]: unknown }, prev: string): string | undefined {
  try {
    return hex(entryHash(entryOf(raw, prev)));
  } catch {
    return undefined;
  }
}

function entryOf(raw: { [name: string]: unknown }, prev: string): Omit<AuditEntry, 'hash' | 'seal'> {
  return {
    seq: raw.seq as number,
    at: raw.at as number,
    actor: raw.actor as string,
    osUser: raw.os_user as string | null,
    action: raw.action as string,
    target: raw.target as string,
    workspaceId: raw.workspace_id as string | null,
    facts: raw.facts as Facts,
    locked: raw.locked as boolean,
    prev: Buffer.from(prev, 'hex'),
  };
}

function signatureProblem(
  digest: Uint8Array,
  last: string,
  publicKey: string,
  entries: number,
): string | undefined {
  let raw: { entries?: unknown; signature?: unknown };
  try {
    raw = JSON.parse(last);
  } catch {
    return 'the signature is missing';
  }
  if (raw === null || typeof raw.signature !== 'string') return 'the signature is missing';
  if (raw.entries !== entries) return 'the number of entries is another one';
  const good = verify(null, digest, keyOf(publicKey), Buffer.from(raw.signature, 'base64'));
  return good ? undefined : 'the signature is not by this public key over these entries';
}
