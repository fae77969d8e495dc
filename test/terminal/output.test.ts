import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import { ERRORS, type ErrorCode, Failure, PROGRAM } from '../../src/errors.ts';
import { type Column, createOutput, type ListPage, type ListSpec } from '../../src/terminal/output.ts';
import { ReaderGone, type Sink } from '../../src/terminal/streams.ts';
import { widthOf } from '../../src/terminal/width.ts';

interface Recorded extends Sink {
  text: string;
  writes: number;
}

function recorder(isTTY: boolean, columns = 80, broken?: Error): Recorded {
  return {
    text: '',
    writes: 0,
    isTTY,
    isClosed: false,
    columns,
    async write(chunk) {
      this.writes++;
      if (broken) throw broken;
      this.text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    },
  };
}

function setUp(
  options: {
    tty?: boolean;
    columns?: number;
    json?: boolean;
    quiet?: boolean;
    color?: boolean;
    stderr?: Recorded;
  } = {},
) {
  const stdout = recorder(options.tty ?? false, options.columns);
  const stderr = options.stderr ?? recorder(options.tty ?? false, options.columns);
  const color = options.color ?? false;
  const output = createOutput({
    stdout,
    stderr,
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    color: { stdout: color, stderr: color },
    program: 'npx keywright',
  });
  return { output, stdout, stderr };
}

interface Key {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

const COLUMNS: readonly Column<Key>[] = [
  { header: 'PUBLIC KEY', tsv: (key) => key.id },
  { header: 'NAME', tsv: (key) => key.name, flexible: true },
  { header: 'STATUS', tsv: (key) => key.status, cell: (key) => `is ${key.status}`, color: () => 'green' },
  { header: 'RAW', tsv: () => '2026-11-21T10:00:00Z' },
];

async function* pagesOf<T>(...pages: readonly ListPage<T>[]): AsyncGenerator<ListPage<T>> {
  yield* pages;
}

function keys(pages: AsyncIterable<ListPage<Key>>): ListSpec<Key> {
  return {
    key: 'keys',
    columns: COLUMNS,
    tableColumns: ['NAME', 'PUBLIC KEY', 'STATUS'],
    json: ({ id, name, status }) => ({ public_key: id, name, status }),
    pages,
    moreHint: (next) => `${PROGRAM} keys list --after ${next}`,
    empty: { message: 'no key in acme', hint: `${PROGRAM} keys create` },
  };
}

const TWO = (next: string | null = null) =>
  pagesOf<Key>(
    { items: [{ id: 'kw_pk_1', name: 'billing', status: 'active' }], next: 'c1' },
    { items: [{ id: 'kw_pk_2', name: '日本', status: 'revoked' }], next },
  );

test('what a command prints stands as it is, and what is said next on a line of its own', async () => {
  const { output, stderr } = setUp();
  const print = (text: string) => output.foreign(Buffer.from(text));
  await print('::add-mask::x\n');
  await output.say('delivered');
  await print('half a \x1b[1mli');
  await print('ne');
  await output.say('checked');
  await output.warn('done');
  expect(stderr.text).toBe('::add-mask::x\ndelivered\nhalf a \x1b[1mline\nchecked\ndone\n');
});

test.each([
  [{}, 'open \\u{1b}[2J\nnext npx keywright\n'],
  [{ quiet: true }, 'open \\u{1b}[2J\nnext npx keywright\n'],
  [{ json: true }, '{"url":"\\u001b[2J"}\n'],
])('what somebody has to know is said whatever is silent: %j', async (options, expected) => {
  const { output, stdout, stderr } = setUp(options);
  await output.demand(['open \x1b[2J', `next ${PROGRAM}`], { url: '\x1b[2J' });
  expect([stdout.text, stderr.text]).toEqual(['', expected]);
});

describe('list', () => {
  test('is a table on a terminal, in the order for people and aligned by columns', async () => {
    const { output, stdout, stderr } = setUp({ tty: true });
    await output.list(keys(TWO()));
    expect(output.audience).toBe('table');
    expect(stdout.text).toBe(
      'NAME     PUBLIC KEY  STATUS\nbilling  kw_pk_1     is active\n日本     kw_pk_2     is revoked\n',
    );
    expect(stderr.text).toBe('');
  });

  test('is tab-separated in a pipe, identifier first, all columns, no header', async () => {
    const { output, stdout } = setUp();
    await output.list(keys(TWO()));
    expect(stdout.text).toBe(
      'kw_pk_1\tbilling\tactive\t2026-11-21T10:00:00Z\nkw_pk_2\t日本\trevoked\t2026-11-21T10:00:00Z\n',
    );
  });

  test('is identifiers with -q', async () => {
    for (const tty of [true, false]) {
      const { output, stdout } = setUp({ tty, quiet: true });
      await output.list(keys(TWO()));
      expect(stdout.text).toBe('kw_pk_1\nkw_pk_2\n');
    }
  });

  test('is one object with --json, also on a terminal', async () => {
    const { output, stdout, stderr } = setUp({ tty: true, json: true });
    await output.list(keys(TWO('c2')));
    expect(JSON.parse(stdout.text)).toEqual({
      keys: [
        { public_key: 'kw_pk_1', name: 'billing', status: 'active' },
        { public_key: 'kw_pk_2', name: '日本', status: 'revoked' },
      ],
      next: 'c2',
    });
    expect(stdout.text.endsWith('"next":"c2"}\n')).toBe(true);
    expect(stderr.text).toBe('');
  });

  test('says how to go on, only after the last page that was read', async () => {
    const { output, stderr } = setUp({ tty: true });
    await output.list(keys(TWO('c2')));
    expect(stderr.text).toBe('hint: npx keywright keys list --after c2\n');
  });

  test('an empty list tells people that it is, and programs nothing', async () => {
    const empty = () => keys(pagesOf<Key>({ items: [], next: null }));
    const person = setUp({ tty: true });
    await person.output.list(empty());
    expect([person.stdout.text, person.stderr.text]).toEqual([
      '',
      'no key in acme\nhint: npx keywright keys create\n',
    ]);
    const pipe = setUp();
    await pipe.output.list(empty());
    expect([pipe.stdout.text, pipe.stderr.text]).toEqual(['', '']);
    const program = setUp({ json: true });
    await program.output.list(empty());
    expect([program.stdout.text, program.stderr.text]).toEqual(['{"keys":[],"next":null}\n', '']);
  });

  test('an error on the first page leaves stdout empty', async () => {
    async function* failing(): AsyncGenerator<ListPage<Key>> {
      if (Date.now() > 0) throw new Failure('store_damaged', 'the store is damaged');
      yield { items: [], next: null };
    }
    for (const options of [{ tty: true }, {}, { json: true }, { quiet: true }]) {
      const { output, stdout } = setUp(options);
      await expect(output.list(keys(failing()))).rejects.toMatchObject({ code: 'store_damaged' });
      expect(stdout.text).toBe('');
    }
  });

  test('rows can neither be broken nor forged by what is in them (case 165)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }),
        async (names) => {
          const items = names.map((name, i) => ({ id: `k${i}`, name, status: name }));
          const pipe = setUp();
          await pipe.output.list(keys(pagesOf({ items, next: null })));
          const rows = pipe.stdout.text.split('\n').slice(0, -1);
          expect(rows.map((row) => row.split('\t').length)).toEqual(items.map(() => 4));
          const person = setUp({ tty: true, columns: 60 });
          await person.output.list(keys(pagesOf({ items, next: null })));
          const lines = person.stdout.text.split('\n').slice(0, -1);
          expect(lines).toHaveLength(items.length + 1);
          for (const line of lines) {
            expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
            expect(widthOf(line)).toBeLessThanOrEqual(60);
          }
          const program = setUp({ json: true });
          await program.output.list(keys(pagesOf({ items, next: null })));
          expect(JSON.parse(program.stdout.text).keys.map((key: Key) => key.name)).toEqual(
            JSON.parse(JSON.stringify(names)),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  test('fits any terminal as long as an identifier does, and never cuts that (case 173)', async () => {
    const id = 'kw_pk_live_8fK2mQ0aZx1R';
    const items = [{ id, name: 'n'.repeat(10_000), status: 'active' }];
    for (const columns of [1, 20, 23, 30, 33, 40, 80]) {
      const { output, stdout } = setUp({ tty: true, columns });
      await output.list(keys(pagesOf({ items, next: null })));
      expect(stdout.text).toContain(id);
      for (const line of stdout.text.split('\n'))
        expect(widthOf(line)).toBeLessThanOrEqual(Math.max(columns, id.length));
    }
  });

  test('colour changes nothing but colour', async () => {
    const plain = setUp({ tty: true });
    await plain.output.list(keys(TWO()));
    const colored = setUp({ tty: true, color: true });
    await colored.output.list(keys(TWO()));
    expect(colored.stdout.text).toContain('\x1b[32m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
    expect(colored.stdout.text.replace(/\x1b\[\d+m/g, '').replace(/ +$/gm, '')).toBe(plain.stdout.text);
  });

  test('a long table keeps its widths and has one header', async () => {
    const items = Array.from({ length: 1200 }, (_, i) => ({
      id: `k${i}`,
      name: i > 600 ? 'much longer than before' : 'short',
      status: 's',
    }));
    const { output, stdout } = setUp({ tty: true });
    await output.list(keys(pagesOf({ items, next: null })));
    const lines = stdout.text.split('\n').slice(0, -1);
    expect(lines).toHaveLength(1201);
    expect(lines.filter((line) => line.startsWith('NAME'))).toHaveLength(1);
    expect(lines[1100]).toMatch(/^much… {2}k1099 /);
  });

  test('hands a long list on in pieces, whole and in order', async () => {
    const items = Array.from({ length: 20_000 }, (_, i) => ({
      id: `kw_pk_${i}`,
      name: 'x',
      status: 'active',
    }));
    const { output, stdout } = setUp();
    await output.list(keys(pagesOf({ items, next: null })));
    expect(
      stdout.text
        .split('\n')
        .slice(0, -1)
        .map((row) => row.split('\t')[0]),
    ).toEqual(items.map(({ id }) => id));
    expect(stdout.writes).toBeGreaterThan(5);
    expect(stdout.writes).toBeLessThan(50);
  });

  test('a reader that leaves ends the list at once', async () => {
    let pages = 0;
    async function* endless(): AsyncGenerator<ListPage<Key>> {
      for (;;) {
        pages++;
        yield { items: Array.from({ length: 5000 }, () => ({ id: 'k', name: 'n', status: 's' })), next: 'c' };
      }
    }
    const output = createOutput({
      stdout: recorder(false, 80, new ReaderGone()),
      stderr: recorder(false),
      json: false,
      quiet: false,
      color: { stdout: false, stderr: false },
      program: 'keywright',
    });
    await expect(output.list(keys(endless()))).rejects.toBeInstanceOf(ReaderGone);
    expect(pages).toBe(1);
  });
});

describe('show, value and secret', () => {
  const thing = {
    heading: 'deploy  rotating: version 6 ends today 03:01 UTC+1',
    fields: [
      ['public key', 'kw_pk_1'],
      ['purpose', undefined],
      ['owner', 'a\x1b[2Jna'],
    ],
    table: {
      headers: ['VERSION', 'CREATED'],
      rows: [
        ['7', 'today'],
        ['6', 'yester\nday'],
      ],
    },
    json: { public_key: 'kw_pk_1', owner: 'a\x1b[2Jna' },
    tsv: ['kw_pk_1', 'deploy', 'a\tb'],
  } as const;

  test('one thing for each audience', async () => {
    const person = setUp({ tty: true });
    await person.output.show(thing);
    expect(person.stdout.text).toBe(
      'deploy  rotating: version 6 ends today 03:01 UTC+1\n' +
        'public key  kw_pk_1\nowner       a\\u{1b}[2Jna\n' +
        'VERSION  CREATED\n7        today\n6        yester\\u{0a}day\n',
    );
    const pipe = setUp();
    await pipe.output.show(thing);
    expect(pipe.stdout.text).toBe('kw_pk_1\tdeploy\ta\\u{09}b\n');
    const quiet = setUp({ quiet: true });
    await quiet.output.show(thing);
    expect(quiet.stdout.text).toBe('kw_pk_1\n');
    const program = setUp({ json: true });
    await program.output.show(thing);
    expect(JSON.parse(program.stdout.text)).toEqual(thing.json);
  });

  test('value is the text, or the object', async () => {
    const pipe = setUp();
    await pipe.output.value('kw_pk_1', { public_key: 'kw_pk_1' });
    const program = setUp({ json: true });
    await program.output.value('kw_pk_1', { public_key: 'kw_pk_1' });
    expect([pipe.stdout.text, program.stdout.text]).toEqual(['kw_pk_1\n', '{"public_key":"kw_pk_1"}\n']);
  });

  test('a secret is exactly itself and a newline', async () => {
    for (const options of [{ tty: true }, {}, { quiet: true }]) {
      const { output, stdout, stderr } = setUp(options);
      await output.secret(new Secret('kw_sk_\u202ecanary'));
      expect([stdout.text, stderr.text, stdout.writes]).toEqual(['kw_sk_\u202ecanary\n', '', 1]);
    }
  });
});

describe('talk', () => {
  async function everything(options: Parameters<typeof setUp>[0]) {
    const { output, stdout, stderr } = setUp(options);
    await output.say(`next: ${PROGRAM} keys\nhint: forged`);
    await output.hint(`${PROGRAM} keys list`);
    await output.warn('careful\x1b[0m');
    output.notice.show('waiting');
    expect(stdout.text).toBe('');
    return stderr.text;
  }

  test('is for people; -q keeps warnings and --json nothing', async () => {
    expect(await everything({})).toBe(
      'next: npx keywright keys\\u{0a}hint: forged\nhint: npx keywright keys list\ncareful\\u{1b}[0m\nwaiting\n',
    );
    expect(await everything({ quiet: true })).toBe('careful\\u{1b}[0m\nwaiting\n');
    expect(await everything({ json: true, tty: true })).toBe('');
  });

  test('takes a notice away before anything else is printed', async () => {
    const { output, stderr } = setUp({ tty: true });
    output.notice.show('waiting for the keychain');
    await output.value('done', {});
    expect(stderr.text).toBe('\r\x1b[Kwaiting for the keychain\r\x1b[K');
    await output.say('more');
    expect(stderr.text.endsWith('\x1b[Kmore\n')).toBe(true);
  });

  test('a stderr that is closed stops nothing', async () => {
    const stderr = recorder(true, 80, new ReaderGone());
    const { output, stdout } = setUp({ stderr });
    await output.say('a');
    await output.hint('b');
    await output.warn('c');
    output.notice.show('d');
    await output.value('answer', {});
    expect(await output.failure(new Failure('busy', 'the store is busy'), true)).toBe(12);
    expect(stdout.text).toBe('answer\n');
  });
});

describe('failure', () => {
  const missing = new Failure('not_found', 'no workspace "acmee\x1b[2J"', {
    hint: `${PROGRAM} workspaces list`,
  });

  test('is one sentence and the next command', async () => {
    const { output, stdout, stderr } = setUp({ quiet: true });
    expect(await output.failure(missing, false)).toBe(3);
    expect(stderr.text).toBe(
      'keywright: no workspace "acmee\\u{1b}[2J"\nhint: npx keywright workspaces list\n',
    );
    expect(stdout.text).toBe('');
  });

  test('is one JSON object with --json, and nothing else (case 169)', async () => {
    const { output, stdout, stderr } = setUp({ json: true, tty: true });
    expect(await output.failure(missing, false)).toBe(3);
    expect(JSON.parse(stderr.text)).toEqual({
      error: {
        code: 'not_found',
        message: 'no workspace "acmee\x1b[2J"',
        hint: 'npx keywright workspaces list',
      },
    });
    expect(stderr.text).not.toContain('\x1b');
    expect(stdout.text).toBe('');
  });

  test('has a null hint in JSON when there is none', async () => {
    const { output, stderr } = setUp({ json: true });
    await output.failure(new Failure('busy', 'busy'), false);
    expect(JSON.parse(stderr.text).error.hint).toBeNull();
  });

  test.each(Object.keys(ERRORS) as ErrorCode[])('%s has its exit code', async (code) => {
    expect(await setUp().output.failure(new Failure(code, 'x'), false)).toBe(ERRORS[code].exit);
  });

  test.each([
    ['an error of a library', new TypeError('x is not a function\n    at secret.ts'), 'x is not a function'],
    ['an endless message', new Error('m'.repeat(1_000_000)), `${'m'.repeat(299)}…`],
    ['workflow commands', new Error('\r\n::add-mask::x'), '::add-mask::x'],
    ['an empty message', new RangeError(''), 'RangeError'],
    ['a string', 'no\x9b', 'no\\u{9b}'],
    ['nothing', undefined, 'undefined'],
    ['an object that has no text', Object.create(null), 'object'],
  ])('%s becomes one harmless line', async (_, error, message) => {
    const { output, stderr } = setUp();
    expect(await output.failure(error, false)).toBe(1);
    expect(stderr.text.split('\n')[0]).toBe(`keywright: ${message}`);
    expect(stderr.text.split('\n')).toHaveLength(3); // the message, a hint, the end
    expect(stderr.text).not.toContain('    at ');
  });

  test('shows the stack and its causes only for debugging', async () => {
    const error = new Failure('store_unreadable', 'cannot read', { cause: new Error('EIO\x1b') });
    const quiet = setUp();
    await quiet.output.failure(error, false);
    expect(quiet.stderr.text).toBe('keywright: cannot read\n');
    const debug = setUp();
    await debug.output.failure(error, true);
    expect(debug.stderr.text).toMatch(/output\.test\.ts/);
    expect(debug.stderr.text).toContain('caused by Error: EIO\\u{1b}');
    const program = setUp({ json: true });
    await program.output.failure(error, true);
    expect(JSON.parse(program.stderr.text).error.stack.join('\n')).toContain('caused by Error: EIO');
  });

  test('a reader that has gone is no failure', async () => {
    const { output, stderr } = setUp();
    expect(await output.failure(new ReaderGone(), false)).toBe(0);
    expect(stderr.text).toBe('');
  });
});

test('what was typed is repeated only as far as it can be read, and no half of a command is a hint', async () => {
  const long = 'x'.repeat(100_000);
  const { output, stderr } = setUp();
  await output.failure(new Failure('not_found', `no key "${long}"`, { hint: `keys show ${long}` }), false);
  expect(stderr.text).toMatch(/^keywright: no key "x{991}…\n$/);
});
