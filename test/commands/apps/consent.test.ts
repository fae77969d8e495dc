import { expect, test } from 'vitest';
import { askForConsent } from '../../../src/commands/apps/consent.ts';
import type { Context } from '../../../src/context.ts';
import { serverOf } from '../../../src/domain/apps/provider.ts';
import type { Client } from '../../../src/domain/ports/authorization.ts';
import { Failure } from '../../../src/errors.ts';
import { requireProvider } from '../../../src/oauth/providers/find.ts';
import { fakeProvider } from '../../support/fake-provider.ts';

const NOTION: Client = {
  ...{ provider: 'notion', server: serverOf(requireProvider('notion')), clientId: 'n1' },
  ...{ clientAuth: 'none', secret: undefined, resource: null },
};

test('a signal while the URL is being shown ends it at once, also where nothing listens for the browser', async () => {
  const world = fakeProvider(Date.now);
  const abort = new AbortController();
  const cancelled = new Failure('cancelled', 'cancelled');
  const context = {
    out: { demand: async () => abort.abort(cancelled) },
    ask: {
      interactive: true,
      hidden: (_: string, { signal }: { signal: AbortSignal }) => Promise.reject(signal.reason),
    },
    callbacks: async () => world.callbacks,
    desktop: async () => world.desktop,
  } as unknown as Context;
  const asking = {
    ...{ authorization: world.authorization, client: NOTION, scopes: [], browser: false, device: false },
    ...{ redirect: { port: 1, pasted: 'https://127.0.0.1:1/callback' }, timeoutMs: 60_000 },
  };
  await expect(askForConsent(context, asking, abort.signal)).rejects.toBe(cancelled);
});
