// The keys of the bench's stores: the same ones every time, each made from its number alone.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

const DAY = 86_400_000;
/** The oldest key was made this long before the store. */
const HISTORY = 730 * DAY;

/** Short names of the workspaces with the percentage of keys up to and including theirs. */
const WORKSPACES = [
  ['acme', 42],
  ['globex', 64],
  ['initech', 78],
  ['umbrella', 87],
  ['hooli', 93],
  ['stark-labs', 97],
  ['wayne', 99],
  ['tyrell', 100],
];
export const SLUGS = WORKSPACES.map(([slug]) => slug);

/** Each of these owns every hundredth key, none of them revoked: what `keys revoke --owner` is timed with. */
export const BOTS = Array.from({ length: 8 }, (_, n) => `deploy-bot-${n}`);
const PEOPLE =
  'ana ben chloe dmitri elena farid grace hana ivan jun kofi lena marco nadia omar priya quentin rosa sven tomoko'
    .split(' ')
    .flatMap((name) => [name, `${name}@example.com`]);
const SERVICES =
  'billing orders checkout inventory search mailer reports webhooks ledger payouts catalog identity media sync export notifications pricing fraud support analytics'.split(
    ' ',
  );
const PLACES = 'prod staging dev canary sandbox'.split(' ');
const REGIONS = 'eu-west us-east us-west ap-south sa-east'.split(' ');
const REASONS =
  'nightly reconciliation|used by the mobile app|read-only access for the dashboard|partner integration|CI pipeline deploys with it|load tests|migration of the old platform|customer support console'.split(
    '|',
  );
/** In the purpose of one key of 40,000, and nowhere else. */
export const RARE_WORD = 'quokka';
export const COMMON_WORD = 'billing';

/** A generator of numbers below 1 that is quick, repeatable and good enough to vary names (mulberry32). */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Public parts and secret key of key `number`, the same ones every time. Not by `newSecretKey`, whose
 * arithmetic with big numbers would take half the time that a store is made in.
 */
export function tokenOf(number) {
  const bytes = createHash('sha512').update(`bench ${number}`).digest();
  let text = '';
  for (let at = 0; at < 55; at++) text += DIGITS[bytes[at] % 62];
  const mode = number % 9 === 0 ? 'test' : 'live';
  const body = `kw_sk_${mode}_${text}`;
  return { brand: 'kw', mode, kid: text.slice(0, 12), secretKey: body + checksum(body) };
}

function checksum(body) {
  let text = '';
  for (let rest = crc32(body), n = 0; n < 6; n++, rest = Math.floor(rest / 62))
    text = DIGITS[rest % 62] + text;
  return text;
}

/** Is key `number` one that verifies as long as nobody changes it? */
export function isActive(number) {
  return number % 100 < BOTS.length;
}

/** Key `number` of `count`, as it stands at `now`. `ids` gives the id of a workspace's short name. */
export function keyOf(number, count, ids, now) {
  const next = numbers(number + 1);
  const pick = (list) => list[Math.floor(next() * list.length)];
  // Squared, so that a few have many keys and many have few, as it is with people.
  const pickUneven = (list) => list[Math.floor(next() ** 2 * list.length)];
  const { brand, mode, kid, secretKey } = tokenOf(number);
  const service = pickUneven(SERVICES);
  const share = next() * 100;
  const createdAt = Math.floor(now - HISTORY * (1 - number / count));
  const action = pick(['read', 'read', 'write', 'admin']);
  const purpose = next() < 0.6 ? `${pick(REASONS)}, ${pick(SERVICES)}` : null;
  const key = {
    kid,
    workspaceId: ids.get(WORKSPACES.find(([, upTo]) => share < upTo)[0]),
    brand,
    mode,
    name: `${service}-${pick(PLACES)}-${pick(REGIONS)}-${number.toString(36)}`,
    purpose: number % 40_000 === 17 ? `${RARE_WORD} ${purpose ?? ''}`.trim() : purpose,
    owner: number % 100 < BOTS.length ? BOTS[number % 100] : pickUneven(PEOPLE),
    scopes: [`${service}:${action}`, ...(next() < 0.3 ? [`${pick(SERVICES)}:read`] : [])],
    networks: next() < 0.05 ? ['203.0.113.0/24', '2001:db8::/32'] : [],
    version: 1,
    createdAt,
    createdBy: pickUneven(PEOPLE),
    expiresAt: null,
    disabledAt: null,
    revokedAt: null,
    revokedReason: null,
    lastUsedAt: next() < 0.7 ? hourOf(now - next() ** 3 * (now - createdAt)) : null,
    shownAt: createdAt,
  };
  return { key: isActive(number) ? { ...key, networks: [] } : withFate(key, next, now), secretKey };
}

/** Four of a hundred are revoked, two disabled, five expired; a third of the rest expires within a year. */
function withFate(key, next, now) {
  const fate = next() * 100;
  const later = () => Math.floor(key.createdAt + next() * (now - key.createdAt));
  if (fate < 4)
    return { ...key, revokedAt: later(), revokedReason: next() < 0.5 ? 'no longer needed' : null };
  if (fate < 6) return { ...key, disabledAt: later() };
  if (fate < 11) return { ...key, expiresAt: later() };
  return fate < 40 ? { ...key, expiresAt: Math.floor(now + next() * 365 * DAY) } : key;
}

function hourOf(time) {
  return Math.floor(time / 3_600_000) * 3_600_000;
}
