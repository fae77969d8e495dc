import type { Random } from '../../domain/ports/system.ts';

/** 16 hex digits that nobody can have planted a file under. */
export function randomName(random: Random): string {
  return Buffer.from(random(8)).toString('hex');
}
