import type { Context } from '../context.ts';
import { publicKey } from '../domain/keys/token.ts';
import { Failure } from '../errors.ts';
import type { Command, CommandList } from './command.ts';
import { type Candidates, candidatesFor } from './complete.ts';
import { completionScript, SHELLS } from './completion-scripts.ts';

/** The command that prints completion scripts and answers them. `commands` is the whole list, this one included. */
export function completionOf(commands: () => Promise<CommandList>): Command {
  return {
    name: 'completion',
    summary: 'print the completion script of a shell',
    details:
      'bash, zsh, fish or powershell. With --words it answers the scripts: what fits in place of the last word.',
    arguments: [{ name: '<shell>', about: SHELLS.join(', '), completes: SHELLS }],
    options: [
      {
        flags: '--words <words>',
        about: 'for the scripts: the command line so far, its words separated by newlines',
      },
    ],
    examples: ['completion bash > ~/.local/share/bash-completion/completions/keywright', 'completion zsh'],
    async run(context, input) {
      const shell = SHELLS.find((one) => one === input.args[0]);
      if (shell === undefined)
        throw new Failure('usage', `no completion for "${input.args[0]}"; there is ${SHELLS.join(', ')}`);
      const words = input.text('words');
      const text =
        words === undefined
          ? completionScript(shell, await commands())
          : await answer(context, words.split('\n').slice(1), await commands());
      await context.out.raw(text);
      return undefined;
    },
  };
}

/** One candidate a line. A store that can't be opened completes nothing and says nothing. */
async function answer(context: Context, words: readonly string[], commands: CommandList): Promise<string> {
  const { fixed, dynamic, prefix, flag, given } = candidatesFor(words, commands);
  const found = [...fixed, ...(await fromStore(context, dynamic, prefix, words).catch(() => []))];
  return found
    .filter((word) => word.startsWith(prefix) && !given.includes(word) && !/[\p{Cc}]/u.test(word))
    .map((word) => `${flag}${word}\n`)
    .join('');
}

async function fromStore(
  context: Context,
  dynamic: Candidates['dynamic'],
  prefix: string,
  words: readonly string[],
): Promise<readonly string[]> {
  // Files are the shell's to complete.
  if (dynamic === undefined || dynamic === 'file' || !context.hasStore()) return [];
  const store = await context.store();
  const all = await store.workspaces.all();
  if (dynamic === 'workspace') return all.map((workspace) => workspace.slug);
  if (dynamic === 'slot') return (await store.slots.all()).map((slot) => slot.name);
  const flag = words.findLastIndex((word) => word === '-w' || word === '--workspace');
  const said = flag < 0 ? context.config.workspace() : words[flag + 1];
  const workspace = all.find((one) => one.slug === said);
  if (dynamic === 'scope') {
    const lists = await Promise.all(
      (workspace === undefined ? all : [workspace]).map((one) => store.workspaces.catalogue(one.id)),
    );
    return lists.flat().map((entry) => entry.scope);
  }
  if (dynamic === 'member') {
    const within = workspace === undefined ? all : [workspace];
    const members = await Promise.all(within.map((one) => store.workspaces.members(one.id)));
    return [...new Set(members.flat().map((member) => member.name))];
  }
  if (dynamic === 'integration')
    return (await store.integrations.all(workspace?.id)).map((integration) => integration.name);
  if (dynamic === 'app') return (await store.apps.all(workspace?.id)).map((app) => app.name);
  if (/_pk_/.test(prefix)) {
    const page = await store.keys.page(
      workspace === undefined ? {} : { workspaceId: workspace.id },
      { limit: 200 },
      context.now(),
    );
    return page.items.map((key) => publicKey(key));
  }
  return store.keys.names(workspace?.id, prefix, 100);
}
