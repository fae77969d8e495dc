import { isBrand } from '../../domain/keys/token.ts';
import { isSlug, suggestSlug } from '../../domain/names.ts';
import { DEFAULT_BRAND, type NewWorkspace } from '../../domain/workspaces/manage.ts';
import { Failure } from '../../errors.ts';
import type { Option } from '../command.ts';
import { badValue, type Input } from '../input.ts';

/** What `init` and `workspaces create` may say of a new workspace. */
export const NEW_WORKSPACE: readonly Option[] = [
  {
    flags: '--kind <kind>',
    about: 'personal or company (default: company)',
    choices: ['personal', 'company'],
  },
  { flags: '--brand <brand>', about: `first part of its keys (default: ${DEFAULT_BRAND}); it never changes` },
];

/** A checked wish for the workspace `slug`. Throws `usage` with the slug that was probably meant. */
export function newWorkspaceOf(slug: string, input: Input, name: string | undefined): NewWorkspace {
  if (!isSlug(slug)) {
    const suggestion = suggestSlug(slug);
    throw new Failure('usage', `"${slug}" is no workspace name: it takes a-z, 0-9 and -, at most 63`, {
      ...(suggestion === undefined
        ? {}
        : { hint: `did you mean ${suggestion}?`, retry: { replace: slug, by: suggestion } }),
    });
  }
  const brand = input.text('brand') ?? DEFAULT_BRAND;
  if (!isBrand(brand))
    throw badValue('brand', `"${brand}" is not 2 to 16 of a-z and 0-9, beginning with a letter`);
  const kind = input.text('kind') ?? (slug === 'personal' ? 'personal' : 'company');
  return { slug, name: name ?? slug, kind: kind as NewWorkspace['kind'], brand };
}
