// Reads Vitest's JSON report, names what was skipped or failed and ends with one line of counts.
// Exit code 1 unless every test ran and passed.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8') || '{"testResults":[]}');
const tests = report.testResults.flatMap(({ name: file, status, message, assertionResults }) => {
  // A file that could not even be loaded has no tests, and has failed.
  const own = assertionResults.map((test) => ({ status: test.status, name: test.fullName }));
  if (own.length === 0 && status === 'failed') own.push({ status, name: message.split('\n')[0] });
  return own.map((test) => ({ ...test, name: `${relative(process.cwd(), file)}: ${test.name}` }));
});

const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status === 'failed');
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');

const lines = [
  ...failed.map(({ name }) => `failed: ${name}`),
  ...skipped.map(({ name }) => `skipped: ${name}`),
  `${passed.length} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`,
];
process.stdout.write(`${lines.join('\n')}\n`);
process.exitCode = passed.length === tests.length && tests.length > 0 ? 0 : 1;
