import { createHash } from 'node:crypto';
import { STYLE } from './page-style.ts';

export type PageName = 'consented' | 'denied' | 'failed' | 'refused';

const TICK = '<path d="M5 12.5 10 17.5 19.5 7"/>';
const CROSS = '<path d="M6.5 6.5 17.5 17.5M17.5 6.5 6.5 17.5"/>';
const BAR = '<path d="M5.5 12h13"/>';
const EXCLAMATION = '<path d="M12 5v8.5M12 18.5v.01"/>';
const TERMINAL =
  '<rect x="2.5" y="4" width="19" height="16" rx="3"/><path d="m7 9.5 3 2.5-3 2.5M12.5 15H16"/>';
const KEY = '<circle cx="7.5" cy="15.5" r="4.5"/><path d="m11 12 9-9m-4 4 3.5 3.5"/>';

/**
 * What a browser is shown, whole. Every page is the same for everybody: nothing of a request is in it, there is
 * no script, and nothing is loaded from anywhere. They say no more than is known while they are sent: the code
 * isn't exchanged yet, so only the terminal can say what was granted.
 */
export const PAGES: Readonly<Record<PageName, string>> = {
  consented: page({
    tone: 'good',
    sign: TICK,
    title: 'Consent received',
    text: 'keywright takes it from here, and your terminal shows what was granted. This tab can be closed.',
  }),
  denied: page({
    tone: 'calm',
    sign: BAR,
    title: 'Consent declined',
    text: 'No access was granted. This tab can be closed.',
  }),
  failed: page({
    tone: 'bad',
    sign: CROSS,
    title: 'That did not work',
    text: 'The provider answered with an error, and no access was granted. Your terminal says what it was and what to do next.',
  }),
  refused: page({
    tone: 'plain',
    sign: EXCLAMATION,
    title: 'Request ignored',
    text: 'It does not belong to the authorization under way, and changed nothing. The right address is in your terminal.',
  }),
};

/** Headers for one of the pages: nothing but the page itself is shown, kept, framed, guessed at or sent on. */
export function headersOf(html: string): Record<string, string | number> {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
    'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer', // The address bar holds the code.
    'cache-control': 'no-store',
    connection: 'close',
  };
}

interface Words {
  readonly tone: 'good' | 'calm' | 'bad' | 'plain';
  readonly sign: string;
  readonly title: string;
  readonly text: string;
}

function page({ tone, sign, title, text }: Words): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · keywright</title>
<style>${STYLE}</style>
</head>
<body>
<header>${drawing(KEY)}keywright</header>
<main>
<article>
${drawing(sign, `sign ${tone}`)}
<h1>${title}</h1>
<p>${text}</p>
</article>
<p class="next">${drawing(TERMINAL)}Go back to your terminal</p>
</main>
</body>
</html>
`;
}

/** The words beside it say the same, so it is hidden from who can't see it. */
function drawing(paths: string, className?: string): string {
  const attributes = className === undefined ? '' : ` class="${className}"`;
  return `<svg${attributes} viewBox="0 0 24 24" aria-hidden="true">${paths}</svg>`;
}
