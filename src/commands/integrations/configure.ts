import { statusOfIntegration } from '../../domain/integrations/integration.ts';
import { configureIntegration } from '../../domain/integrations/manage.ts';
import { commandOn } from '../../domain/shell.ts';
import type { Command } from '../command.ts';
import { WORKSPACE } from '../options.ts';
import { INTEGRATION, oneIntegration, tell, URL_OPTION, urlOf } from './which.ts';

export const configure: Command = {
  name: 'configure',
  summary: 'make an integration ready, so that keys can be bound to it',
  arguments: [INTEGRATION],
  options: [WORKSPACE, URL_OPTION],
  examples: [
    'integrations configure billing-system',
    'integrations configure shop --url https://shop.example.com/api',
  ],
  async run(context, input) {
    const url = urlOf(input);
    const { which, workspace } = await oneIntegration(context, await context.store(), input);
    const ledger = await context.ledger('unlocked');
    const { integration, changed } = await configureIntegration(ledger, which, url);
    const { name } = integration;
    await context.out.say(changed ? `configured ${name}` : `${name} is configured so already`);
    if (statusOfIntegration(integration) === 'disabled')
      await context.out.say(`${name} is disabled: ${commandOn('integrations enable', name)}`);
    await tell(context, integration, workspace);
    return undefined;
  },
};
