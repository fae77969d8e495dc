import type { RefusedCallback, ValidatedCallback } from './authorization.ts';

/** What a browser brought back, or somebody pasted, in answer to our request. */
export type CallbackAnswer = ValidatedCallback | RefusedCallback;

/** A server for one authorization, on this machine alone. It must be closed, however the authorization ends. */
export interface CallbackServer {
  /** `http://127.0.0.1:41873/callback`: the literal address and port of this server (RFC 8252 section 7.3). */
  readonly redirectUri: string;
  /**
   * Resolves with the answer that carries this state, once nothing listens any more: the browser has its page
   * by then, and sending the answer again meets a closed port. Every other request is refused and changes
   * nothing. Throws `consent_timeout`; when the signal is raised its reason, or `cancelled` if that is no
   * failure; and `cancelled` when the server is closed. To be called once; before, no request is accepted.
   */
  wait(state: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<CallbackAnswer>;
  /** Resolves when no socket is left. Does nothing when it has ended already. */
  close(): Promise<void>;
}

/** How the person's consent comes back to this program. */
export interface Callbacks {
  /** Opens the port: this one or none; without it the system chooses. Throws `callback_unavailable`. */
  listen(options: {
    readonly port?: number | undefined;
    /** How long all of it may take, in ms. */
    readonly timeoutMs: number;
  }): Promise<CallbackServer>;
  /** Reads a pasted redirect URL, held to the same checks. A refusal changes nothing; its reason is `it …`. */
  parseRedirect(
    text: string,
    expected: { readonly redirectUri: string; readonly state: string },
  ): CallbackAnswer | { readonly kind: 'refused'; readonly reason: string };
}
