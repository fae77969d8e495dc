/** An external system of a workspace that keys can be bound to. Times are milliseconds since 1970, UTC. */
export interface Integration {
  /** `int_` and 12 base62 characters. */
  readonly id: string;
  readonly workspaceId: string;
  /** Unique in the workspace. */
  readonly name: string;
  readonly purpose: string | null;
  /** Where it is reached; what plugins get as `API_BASE_URL`. */
  readonly url: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
  /** When it was first configured; null while it is a draft. */
  readonly configuredAt: number | null;
  readonly disabledAt: number | null;
}

export type IntegrationStatus = 'draft' | 'configured' | 'disabled';

/** The state of an integration; only while it is `configured` do its keys verify. */
export function statusOfIntegration(
  integration: Pick<Integration, 'configuredAt' | 'disabledAt'>,
): IntegrationStatus {
  if (integration.disabledAt !== null) return 'disabled';
  return integration.configuredAt === null ? 'draft' : 'configured';
}
