import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The age program of the machine, which the tests hold our files against. */
export function age(args: readonly string[], input?: Uint8Array): Buffer {
  return execFileSync('age', args, { input, maxBuffer: 256 * 1024 * 1024, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** A new identity in a file, and its recipient. */
export function keygen(file: string): { identity: string; recipient: string } {
  const text = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  writeFileSync(file, text, { mode: 0o600 });
  const recipient = /age1[0-9a-z]+/.exec(text)?.[0] ?? '';
  return { identity: /AGE-SECRET-KEY-1\w+/.exec(text)?.[0] ?? '', recipient };
}

/** age asks for a passphrase on a terminal only, so it gets one. Throws unless age ends well. */
export function ageOnTerminal(args: readonly string[], passphrase: string): void {
  const play = fileURLToPath(new URL('./fixtures/age-on-terminal.py', import.meta.url));
  const ran = spawnSync('python3', [play, passphrase, ...args], { encoding: 'utf8', timeout: 60_000 });
  if (ran.status !== 0) throw new Error(`age ${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
}
