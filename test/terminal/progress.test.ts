import { expect, test } from 'vitest';
import { createNotice } from '../../src/terminal/progress.ts';

function screen(isTTY: boolean, columns = 40) {
  const recorded = { text: '' };
  const notice = createNotice({
    isTTY,
    isClosed: false,
    columns,
    async write(chunk) {
      recorded.text += chunk;
    },
  });
  return { notice, recorded };
}

test('on a terminal a text replaces the one before and can be taken away', () => {
  const { notice, recorded } = screen(true);
  notice.clear();
  notice.show('waiting 1 s');
  notice.show('waiting 2 s');
  notice.clear();
  notice.clear();
  expect(recorded.text).toBe('\r\x1b[Kwaiting 1 s\r\x1b[Kwaiting 2 s\r\x1b[K');
});

test('elsewhere each new text is a line, said once', () => {
  const { notice, recorded } = screen(false);
  notice.show('waiting');
  notice.show('waiting');
  notice.show('held by\npid 7');
  notice.clear();
  expect(recorded.text).toBe('waiting\nheld by\\u{0a}pid 7\n');
});

test('never takes the whole width, so that one row is all there is to erase', () => {
  const { notice, recorded } = screen(true, 10);
  notice.show('x'.repeat(30));
  expect(recorded.text).toBe(`\r\x1b[K${'x'.repeat(8)}…`);
});

test('a bar is drawn anew with each percent, in one row, and only on a terminal', () => {
  const { notice, recorded } = screen(true, 60);
  for (const done of [1, 999, 1000, 1999, 50_000, 100_000]) notice.progress('importing', done, 100_000);
  notice.clear();
  expect(recorded.text.split('\r\x1b[K')).toEqual([
    '',
    'importing [--------------------]   0 % of 100,000',
    'importing [--------------------]   1 % of 100,000',
    'importing [##########----------]  50 % of 100,000',
    'importing [####################] 100 % of 100,000',
    '',
  ]);
  const elsewhere = screen(false);
  elsewhere.notice.progress('importing', 1, 2);
  elsewhere.notice.progress('reading', 2000);
  expect(elsewhere.recorded.text).toBe('');
});

test('where nobody knows how much it will be, the number is all there is', () => {
  const { notice, recorded } = screen(true);
  notice.progress('reading', 2000);
  expect(recorded.text).toBe('\r\x1b[Kreading 2,000');
});
