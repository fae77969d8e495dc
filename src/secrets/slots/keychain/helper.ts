/**
 * The program that talks to the OS keychain, one call a process: a locked keyring whose prompt nobody
 * answers blocks the binding for ever, and a blocked binding survives `process.exit()`. Reads one request
 * line on stdin, prints one answer line, ends. Nothing secret is in its arguments or environment.
 */
import { readSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { AsyncEntry } from '@napi-rs/keyring';
import { type Answer, LARGEST_MESSAGE, type Request, SERVICE } from './protocol.ts';

/** Longest message of the binding that is passed on, in characters; escaped it still fits the answer. */
const LONGEST_ERROR = 500;

/**
 * Runs in a thread of its own, because connecting to a bus that accepts and then says nothing blocks the
 * main thread. SIGKILL is what a blocked binding can't survive.
 */
const WATCHDOG = `
  const { workerData } = require('node:worker_threads');
  const die = () => process.kill(process.pid, 'SIGKILL');
  setTimeout(die, workerData);
  require('node:fs').read(0, Buffer.alloc(1), die);
`;

function readRequest(): Request | undefined {
  const bytes = Buffer.alloc(LARGEST_MESSAGE);
  for (let size = 0; size < bytes.length; ) {
    const count = readSync(0, bytes, size, bytes.length - size, null);
    if (count === 0) return undefined;
    size += count;
    if (bytes[size - 1] === 0x0a) return JSON.parse(bytes.toString('utf8', 0, size));
  }
  return undefined;
}

async function perform({ op, account, value }: Request): Promise<string | null> {
  // Unpinned, the binding falls back to the kernel keyring on Linux, which a reboot empties.
  const entry = new AsyncEntry(SERVICE, account, { linux: { store: 'secret-service' } });
  if (op === 'delete') {
    await entry.deleteCredential();
    return null;
  }
  if (op !== 'read') await entry.setSecret(Buffer.from(value ?? '', 'base64'));
  try {
    const found = await entry.getSecret();
    return found && Buffer.from(found).toString('base64');
  } finally {
    if (op === 'probe') await entry.deleteCredential();
  }
}

async function answer(request: Request): Promise<Answer> {
  try {
    return { value: await perform(request) };
  } catch (error) {
    return { error: String(error instanceof Error ? error.message : error).slice(0, LONGEST_ERROR) };
  }
}

const request = readRequest();
if (request === undefined) process.exit(1);
new Worker(WATCHDOG, { eval: true, workerData: request.deadlineMs });
answer(request).then((result) => {
  writeSync(1, `${JSON.stringify(result)}\n`);
  process.exit(0);
});
