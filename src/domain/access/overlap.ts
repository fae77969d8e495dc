import { isScope } from '../keys/scopes.ts';

/**
 * Is there a concrete scope that both patterns cover? So a wildcard in a grant reaches what it was not written
 * for: `*:read` and `billing:*` meet in `billing:read`. What doesn't parse covers nothing.
 */
export function overlaps(one: string, other: string): boolean {
  if (!isScope(one) || !isScope(other)) return false;
  const [resource, action] = one.split(':');
  const [otherResource, otherAction] = other.split(':');
  return meet(resource, otherResource) && meet(action, otherAction);
}

function meet(one: string | undefined, other: string | undefined): boolean {
  return one === other || one === '*' || other === '*';
}
