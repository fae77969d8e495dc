import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumMissing, openChromium } from './fixtures/chromium.ts';
import { AUTHORIZE, openSession, registered, startAuthorizing, type Waiting } from './fixtures/session.ts';

const IMAGES = join(import.meta.dirname, '../../docs/images');
const missing = chromiumMissing(process.env);

/** Signs in and answers the consent page, as a person does. */
async function consent(context: BrowserContext, { url }: Waiting, button: 'Allow' | 'Cancel'): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url.href);
  await page.getByLabel('Name').fill('ana');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Consent' }).waitFor();
  await page.getByRole('button', { name: button }).click();
  return page;
}

const heading = (page: Page): Promise<string> => page.getByRole('heading').innerText();

describe.skipIf(missing !== undefined)(`a real browser${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('goes through login and consent and comes back to a page that holds nothing of the answer', async () => {
    const session = await openSession();
    await registered(session);
    const context = await openChromium();
    const asked: string[] = [];
    context.on('request', (request) => asked.push(request.url()));
    const waiting = await startAuthorizing(session.shell);
    const page = await consent(context, waiting, 'Allow');
    expect(await heading(page)).toBe('Consent received');
    const { code, stderr } = await waiting.ended;
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('connected as ana@example.com: openid offline_access email read\n'),
    ]);
    const content = await page.content();
    const { code: sent = '' } = session.provider.exchanges[0]?.sent ?? {};
    expect(sent).not.toBe('');
    for (const secret of [sent, waiting.url.searchParams.get('state') ?? ''])
      expect(content).not.toContain(secret);
    const hosts = new Set(asked.map((url) => new URL(url).host));
    expect([...hosts].sort()).toEqual([waiting.url.host, waiting.redirectUri.host].sort());
  });

  test('comes back with a denial: exit 4', async () => {
    const session = await openSession();
    await registered(session);
    const waiting = await startAuthorizing(session.shell);
    const page = await consent(await openChromium(), waiting, 'Cancel');
    expect(await heading(page)).toBe('Consent declined');
    const { code, stdout, stderr } = await waiting.ended;
    expect([code, stdout, stderr]).toEqual([4, '', expect.stringContaining('the person said no')]);
  });

  test('whose tab is closed consents to nothing: exit 7 when the time is over', async () => {
    const session = await openSession();
    await registered(session);
    const context = await openChromium();
    const waiting = await startAuthorizing(session.shell, [...AUTHORIZE, '--timeout', '3s']);
    const page = await context.newPage();
    await page.goto(waiting.url.href);
    await page.close();
    const { code, stdout, stderr } = await waiting.ended;
    expect([code, stdout, stderr]).toEqual([7, '', expect.stringContaining('nobody consented within 3 s')]);
    await expect(fetch(waiting.redirectUri)).rejects.toThrow();
  });

  test.each(['light', 'dark'] as const)(
    'shows our pages as the images of the docs do, %s',
    async (scheme) => {
      const session = await openSession();
      await registered(session);
      const context = await openChromium(scheme);
      const first = await startAuthorizing(session.shell);
      const page = await context.newPage();
      await page.goto(first.redirectUri.href);
      await compare(page, 'refused', 'Request ignored', scheme);
      const wrong = new URL(first.redirectUri);
      const about = first.url.searchParams;
      for (const [name, value] of [
        ...[
          ['error', 'server_error'],
          ['error_description', '<h1>theirs</h1>'],
        ],
        ...[
          ['state', about.get('state') ?? ''],
          ['iss', session.provider.issuer],
        ],
      ] as [string, string][])
        wrong.searchParams.set(name, value);
      await page.goto(wrong.href);
      await compare(page, 'failed', 'That did not work', scheme);
      expect((await first.ended).code).toBe(7);

      const second = await startAuthorizing(session.shell);
      await compare(await consent(context, second, 'Cancel'), 'denied', 'Consent declined', scheme);
      expect((await second.ended).code).toBe(4);
      const third = await startAuthorizing(session.shell);
      await page.goto(third.url.href);
      await page.getByRole('button', { name: 'Allow' }).click();
      await compare(page, 'consented', 'Consent received', scheme);
      expect((await third.ended).code).toBe(0);
    },
  );
});

/**
 * The page says what it should, in the colours that were asked for, and has an image in the docs of this size;
 * with `UPDATE_IMAGES=1` this one.
 */
async function compare(page: Page, name: string, title: string, scheme: 'light' | 'dark'): Promise<void> {
  expect(await heading(page)).toBe(title);
  const file = join(IMAGES, `callback-${name}-${scheme}.png`);
  const image = await page.screenshot();
  if (process.env.UPDATE_IMAGES === '1') writeFileSync(file, image);
  const size = (png: Buffer): number[] => [png.readUInt32BE(16), png.readUInt32BE(20)];
  expect([name, size(readFileSync(file))]).toEqual([name, size(image)]);
  const ground = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  const [red = 0] = (ground.match(/\d+/g) ?? []).map(Number);
  expect([name, red > 127 ? 'light' : 'dark']).toEqual([name, scheme]);
}
