import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const FOLDER = fileURLToPath(new URL('../../src/store', import.meta.url));
const sources = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(`${FOLDER}/${name}`, 'utf8') }));

test('every transaction begins IMMEDIATE or EXCLUSIVE', () => {
  const begins = sources.flatMap(
    ({ text }) => text.match(/\bBEGIN\b(?!\n| *(INSERT|SELECT|$))[^'"`;]*/gm) ?? [],
  );
  const statements = begins.filter((begin) => !/^BEGIN\s*$/.test(begin));
  expect(statements.length).toBeGreaterThan(3);
  for (const statement of statements) expect(statement.trim()).toMatch(/^BEGIN (IMMEDIATE|EXCLUSIVE)$/);
  // better-sqlite3's transaction() defers unless it is called as .immediate().
  const wrapped = sources.filter(({ text }) => text.includes('.transaction('));
  for (const { name, text } of wrapped) {
    const made = text.match(/\.transaction\(/g)?.length;
    expect(text.match(/\.immediate\(/g)?.length, name).toBe(made);
  }
});

test('shared queries keep to SQL that every engine has', () => {
  const shared = sources.filter(({ name }) => name.startsWith('queries'));
  expect(shared.length).toBeGreaterThan(5);
  for (const { name, text } of shared) {
    expect(text, name).not.toMatch(/\browid\b|INSERT OR|PRAGMA|\bGLOB\b|\bMATCH\b|sqlite_/);
    expect(text, name).not.toContain('/sqlite/');
  }
});
