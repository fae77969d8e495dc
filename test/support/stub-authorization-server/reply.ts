/** A proper answer, before anything is spoilt. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The object that a successful JSON answer was made of: what an edit may change. */
  readonly json?: Readonly<Record<string, unknown>>;
}

const NEVER_KEPT = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** A JSON answer that may be edited. */
export function success(json: Readonly<Record<string, unknown>>, status = 200): Reply {
  return { ...text(status, JSON.stringify(json), 'application/json'), json };
}

/** An error as RFC 6749 section 5.2 has it. */
export function failure(status: number, error: string, description: string): Reply {
  return text(status, JSON.stringify({ error, error_description: description }), 'application/json');
}

export function text(status: number, body: string, type = 'text/plain; charset=utf-8'): Reply {
  return { status, headers: { ...NEVER_KEPT, 'content-type': type }, body };
}

export function withHeaders(reply: Reply, headers: Readonly<Record<string, string>>): Reply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}
