import type { Provider } from '../../domain/apps/provider.ts';
import { type ProviderScope, readScopes } from '../../domain/apps/scopes.ts';
import type { Option } from '../command.ts';
import type { Input } from '../input.ts';

export const ALLOW_SCOPE: Option = {
  flags: '--allow-scope <scope>',
  about: 'scope it may ask for, one a flag (default: anything)',
  repeats: true,
};

/** The provider's scopes that a flag names; undefined when it wasn't given. Throws `usage` naming a bad one. */
export function scopesSaid(
  input: Input,
  option: string,
  provider: Provider | undefined,
): readonly ProviderScope[] | undefined {
  const texts = input.list(option);
  return texts.length === 0 ? undefined : readScopes(texts, provider?.scopes);
}
