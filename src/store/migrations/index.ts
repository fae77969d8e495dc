import { firstSchema } from './0001-first-schema.ts';
import { rotationAndTeams } from './0002-rotation-and-teams.ts';
import { appsAndGrants } from './0003-apps-and-grants.ts';
import type { Migration } from './migration.ts';

/** Every step, oldest first. A released step never changes. */
export const MIGRATIONS: readonly Migration[] = [firstSchema, rotationAndTeams, appsAndGrants];
