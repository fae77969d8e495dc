import type { Provider } from '../domain/apps/provider.ts';
import { Failure } from '../errors.ts';
import { PROVIDERS } from './providers/all.ts';

/** What a provider does in its own way, beside its endpoints. */
export type Habits = Pick<Provider, 'authorizationParameters' | 'scopes' | 'token' | 'refresh'> & {
  /** Undefined: as the server's metadata say. */
  readonly revocation: Provider['revocation'] | undefined;
  readonly identity: Provider['identity'] | undefined;
};

/** What the standards say. */
const STANDARD: Habits = {
  authorizationParameters: {},
  scopes: { parameter: 'scope', asked: ' ', granted: ' ', field: 'scope' },
  token: { request: 'form', headers: {}, failure: 'status' },
  refresh: { given: 'always', rotates: 'maybe' },
  revocation: undefined,
  identity: undefined,
};

/**
 * The habits of a built-in provider; those of the standards when there is none (null).
 *
 * @throws Failure `not_found` for a provider that this version doesn't know: its tokens would be sent the wrong way.
 */
export function habitsOf(provider: string | null): Habits {
  if (provider === null) return STANDARD;
  const known = PROVIDERS.find(({ name }) => name === provider);
  if (known !== undefined) return known;
  throw new Failure('not_found', `this version has no built-in provider "${provider}"`, {
    hint: 'a newer version of this program registered the app',
  });
}
