import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROGRAM_FILE, Shell } from '../support/run-program.ts';

const KEYS = ['billing', 'bills', 'deploy', 'for:web'];

/** What is typed, what must be offered for the last word, and what must not be. */
const LINES: readonly (readonly [line: string, words: readonly string[], not?: readonly string[]])[] = [
  ['keywright ', ['keys', 'workspaces', 'init', 'help']],
  ['keywright keys ', ['create', 'list', 'verify']],
  ['keywright key re', ['revoke']],
  ['keywright keys show ', KEYS, ['keywright', 'a-file']],
  ['keywright keys revoke deploy bills ', ['billing'], ['deploy', 'bills']],
  ['keywright keys show for:w', ['for:web']],
  ['keywright keys list --status=re', ['--status=revoked']],
  ['keywright keys list --owner ', ['ana']],
  ['keywright audit list --action k', ['key']],
  ['keywright scopes remove ', ['orders:read']],
  ['keywright scopes remove orders:', ['orders:read']],
  ['keywright help ', ['keys', 'errors']],
  ['keywright help keys re', ['revoke']],
  ['keywright keys import ', [], KEYS],
  ['keywright backup restore ', [], KEYS],
  ['keywright audit verify --file ', [], KEYS],
  ['keywright keys list --key-file ', [], KEYS],
  ['keywright keys list --key-file=', [], KEYS],
  ['keywright keys show bil', ['billing', 'bills']],
  ['keywright keys list -w ', ['acme']],
  ['keywright keys list --status ', ['active', 'revoked']],
  ['keywright --actor ana slots remove ', ['key-file']],
];

interface ShellProgram {
  readonly name: string;
  /** Prints what is offered, a word a line, for `line`; the completion script is in `$SCRIPT`. */
  complete(line: string): { readonly command: string; readonly args: readonly string[] };
}

/** The words of a line as the shell would have them; the last may be empty. */
const wordsOf = (line: string): readonly string[] => line.split(' ');

const BASH: ShellProgram = {
  name: 'bash',
  complete(line) {
    // As bash takes them apart: at : and =, and what stands before the last of those stays on the line.
    const words = wordsOf(line).flatMap((word) =>
      word.split(/([:=]+)/).filter((part, i) => i === 0 || part !== ''),
    );
    const kept = /[^ ]*[:=]|$/.exec(wordsOf(line).at(-1) ?? '')?.[0] ?? '';
    const script = `. "$SCRIPT"; COMP_LINE='${line}' COMP_POINT=${line.length}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _keywright
for word in "\${COMPREPLY[@]}"; do printf '%s\\n' '${kept}'"$word"; done`;
    return { command: 'bash', args: ['--norc', '-c', script] };
  },
};

const FISH: ShellProgram = {
  name: 'fish',
  complete: (line) => ({
    command: 'fish',
    args: ['--no-config', '-c', `source $SCRIPT; complete -C '${line}' | string replace -r '\\t.*' ''`],
  }),
};

/** zsh completes only in its line editor, so that runs on a terminal of its own; `compadd` then prints instead. */
const ZSH: ShellProgram = {
  name: 'zsh',
  complete(line) {
    const script = `
zmodload zsh/zpty
zpty -b z zsh -f
zpty -w z "PS1=; autoload -Uz compinit; compinit -u -C -d $DUMP; source $SCRIPT
compadd() { local -a all; builtin compadd -O all \\"\\$@\\"; print -l -- OFFERED: \\$all > $OFFERED; zle kill-whole-line }
print >$READY"
while [[ ! -e $READY ]] { sleep 0.02 }
zpty -w -n z "$LINE"$'\\t'
for ((i = 0; i < 500; i++)) { [[ -s $OFFERED ]] && break; zpty -rt z > /dev/null; sleep 0.02 }
sleep 0.1
cat $OFFERED
zpty -d z`;
    return { command: 'zsh', args: ['-f', '-c', `LINE='${line}'; ${script}`] };
  },
};

describe.each([BASH, ZSH, FISH])('completion in $name', ({ name, complete }) => {
  const missing = spawnSync(name, ['--version']).error !== undefined;

  test.skipIf(missing)(
    `offers what fits${missing ? ` (skipped: there is no ${name} here)` : ''}`,
    async () => {
      const shell = await new Shell().init();
      for (const key of KEYS) await shell.createKey(key);
      await shell.answer(['scopes', 'add', 'orders:read']);
      const bin = join(shell.path, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'a-file'), '');
      symlinkSync(PROGRAM_FILE, join(bin, 'keywright'));
      const script = join(shell.path, 'script');
      writeFileSync(script, `${await shell.answer(['completion', name])}\n`);
      for (const [i, [line, words, not = []]] of LINES.entries()) {
        const { command, args } = complete(line);
        const env = {
          ...shell.env,
          PATH: `${bin}:${shell.env.PATH}`,
          SCRIPT: script,
          OFFERED: join(shell.path, `offered-${i}`),
          READY: join(shell.path, `ready-${i}`),
          DUMP: join(shell.path, 'dump'),
          TERM: 'dumb',
        };
        const ran = spawnSync(command, args, { env, cwd: bin, encoding: 'utf8', timeout: 20_000 });
        const offered = ran.stdout.split('\n');
        expect([line, offered], ran.stderr).toEqual([line, expect.arrayContaining([...words])]);
        for (const word of not) expect(offered, line).not.toContain(word);
        if (not === KEYS) continue;
        const typed = wordsOf(line).at(-1) ?? '';
        for (const word of offered.filter((one) => one !== '' && one !== 'OFFERED:'))
          expect(word.startsWith(typed), `${line}: ${word}`).toBe(true);
      }
    },
  );
});
