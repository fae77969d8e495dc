import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { replay } from '../support/transcript.ts';

const FILES = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.txt'));

beforeAll(() => {
  vi.stubEnv('TZ', 'UTC');
  vi.spyOn(os, 'userInfo').mockReturnValue({ ...os.userInfo(), username: 'ana' });
});

/** `UPDATE_TRANSCRIPTS=1` writes what came out into the files: read every change before it is kept. */
test.each(FILES)('%s', async (name) => {
  const path = join(import.meta.dirname, name);
  const text = readFileSync(path, 'utf8');
  const replayed = await replay(text, name);
  if (process.env.UPDATE_TRANSCRIPTS === '1') writeFileSync(path, replayed);
  else expect(replayed).toBe(text);
});
