import { firstSchema } from './0001-first-schema.ts';
import type { Migration } from './migration.ts';

/** Every step, oldest first. A released step never changes. */
export const MIGRATIONS: readonly Migration[] = [firstSchema];
