import type { CommandList } from './command.ts';
import { type CompletionTree, completionTree, type Word } from './completion-tree.ts';

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * The script to source in that shell, generated from the command list. Commands, flags and fixed values
 * are in the script itself; names of keys, workspaces, slots and scopes it asks the program for, which
 * unlocks nothing for that.
 */
export function completionScript(shell: Shell, commands: CommandList): string {
  const tree = completionTree(commands);
  return { bash, zsh, fish, powershell }[shell](tree);
}

/** `'keys create'|'key create'`, and the flags in one string. */
function cases(
  tree: CompletionTree,
  line: (patterns: string, words: string) => string,
): { top: string; flags: string; choices: string; verbs: string; fileCommands: string } {
  const words = (list: readonly Word[]): string => list.map(({ word }) => word).join(' ');
  const patterns = (spellings: readonly string[]): string => spellings.map((one) => `'${one}'`).join('|');
  return {
    top: words(tree.top),
    fileCommands: patterns(tree.fileCommands),
    verbs: tree.nouns.map((noun) => line(patterns(noun.spellings), words(noun.verbs))).join('\n'),
    flags: tree.commands.map((one) => line(patterns(one.spellings), words(one.flags))).join('\n'),
    choices: tree.commands
      .flatMap((one) =>
        one.choices.map(({ flags, values }) =>
          line(
            patterns(one.spellings.flatMap((name) => flags.map((flag) => `${name} ${flag}`))),
            values.join(' '),
          ),
        ),
      )
      .join('\n'),
  };
}

/** Commands without a noun: the word behind one is no verb. */
function plainNames({ commands }: CompletionTree): readonly string[] {
  return commands.flatMap(({ spellings }) => spellings.filter((one) => !one.includes(' ')));
}

function bash(tree: CompletionTree): string {
  const { top, verbs, flags, choices, fileCommands } = cases(
    tree,
    (patterns, words) => `    ${patterns}) found='${words}' ;;`,
  );
  return `# bash completion for keywright; made by: keywright completion bash
_keywright() {
  local words=() cword=-1 found='' asked='' files='' skip='' noun='' command=''
  local line=\${COMP_LINE:0:COMP_POINT} cur word blank i
  # bash takes words apart at : and =, which names and flags have in them; what has no blank between is one word.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]} blank=\${line%%[![:blank:]]*} line=\${line#\${line%%[![:blank:]]*}}
    if ((i == COMP_CWORD)); then word=$line; else line=\${line#"$word"}; fi
    if [[ -n $blank || $i -eq 0 ]]; then words[++cword]=$word; else words[cword]+=$word; fi
  done
  cur=\${words[cword]}
  COMPREPLY=()
  for ((i = 1; i < cword; i++)); do
    word=\${words[i]}
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
    ${tree.valueFlags.join('|')}) skip=$word ;;
    -*) ;;
    *) if [[ -z $noun ]]; then noun=$word command=$word; elif [[ $command == "$noun" ]]; then command="$noun $word"; fi ;;
    esac
  done
  case $noun in ${plainNames(tree).join('|')}) command=$noun ;; esac
  case \${skip:-\${cur%%=*}} in
  ${tree.fileFlags.join('|')}) if [[ -n $skip || $cur == *=* ]]; then files=1; fi ;;
  esac
  if [[ -n $files ]]; then
    :
  elif [[ -n $skip ]]; then
    case "$command $skip" in
${choices}
    *) asked=1 ;;
    esac
  elif [[ $cur == --*=* ]]; then
    asked=1
  elif [[ $cur == -* ]]; then
    case $command in
${flags}
    esac
  elif [[ -z $noun ]]; then
    found='${top}'
  else
    case $command in
${verbs}
    ${fileCommands}) files=1 ;;
    *) asked=1 ;;
    esac
  fi
  if [[ -n $files ]]; then
    compopt -o default 2>/dev/null
  elif [[ -n $asked ]]; then
    local IFS=$'\\n'
    while read -r line; do
      [[ -n $line ]] && COMPREPLY+=("$(printf '%q' "$line")")
    done < <("\${words[0]}" completion bash --words="\${words[*]}" 2>/dev/null)
    # What stands before the last break is on the line already.
    for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]=\${COMPREPLY[i]#"\${cur%"\${cur##*[$COMP_WORDBREAKS]}"}"}; done
  else
    COMPREPLY=($(compgen -W "$found" -- "$cur"))
  fi
}
complete -F _keywright keywright
`;
}

function zsh(tree: CompletionTree): string {
  const { top, verbs, flags, choices, fileCommands } = cases(
    tree,
    (patterns, words) => `    ${patterns}) found=(${words}) ;;`,
  );
  return `#compdef keywright
# zsh completion for keywright; made by: keywright completion zsh
_keywright() {
  local word skip='' noun='' command='' asked='' files='' cur=\${words[CURRENT]}
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
    ${tree.valueFlags.join('|')}) skip=$word ;;
    -*) ;;
    *) if [[ -z $noun ]]; then noun=$word command=$word; elif [[ $command == $noun ]]; then command="$noun $word"; fi ;;
    esac
  done
  case $noun in ${plainNames(tree).join('|')}) command=$noun ;; esac
  case \${skip:-\${cur%%=*}} in
  ${tree.fileFlags.join('|')}) if [[ -n $skip || $cur == *=* ]]; then files=1; fi ;;
  esac
  if [[ -n $files ]]; then
    compset -P '--*='
  elif [[ -n $skip ]]; then
    case "$command $skip" in
${choices}
    *) asked=1 ;;
    esac
  elif [[ $cur == --*=* ]]; then
    asked=1
  elif [[ $cur == -* ]]; then
    case $command in
${flags}
    esac
  elif [[ -z $noun ]]; then
    found=(${top})
  else
    case $command in
${verbs}
    ${fileCommands}) files=1 ;;
    *) asked=1 ;;
    esac
  fi
  if [[ -n $asked ]]; then
    found=("\${(@f)$("\${words[1]}" completion zsh --words="\${(pj:\\n:)words[1,CURRENT]}" 2>/dev/null)}")
    found=(\${found:#})
  fi
  if [[ -n $files ]]; then _files; else compadd -a found; fi
}
if [ "\${funcstack[1]}" = _keywright ]; then
  _keywright "$@"
else
  compdef _keywright keywright
fi
`;
}

function fish(tree: CompletionTree): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const at = (spellings: readonly string[]): string =>
    `-n ${quoted(`__keywright_at ${spellings.map(quoted).join(' ')}`)}`;
  const rows = (list: readonly Word[], where: string): string[] =>
    list.map(({ word, about }) => `complete -c keywright -f ${where} -a ${quoted(word)} -d ${quoted(about)}`);
  const flagRows = tree.commands.flatMap(({ spellings, flags }) =>
    flags.map(({ word, about }) => {
      const name = word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;
      // A flag's own list is all that fish offers for its value.
      const value = tree.fileFlags.includes(word) ? '-r -F' : `-x -a '(__keywright_ask)'`;
      return `complete -c keywright ${at(spellings)} ${name} ${tree.valueFlags.includes(word) ? value : '-f'} -d ${quoted(about)}`;
    }),
  );
  const files = tree.fileCommands.map((one) => `"${one}"`).join(' ');
  return `# fish completion for keywright; made by: keywright completion fish
function __keywright_command
    set -l skip
    set -l plain
    for word in (commandline -opc)[2..]
        if test -n "$skip"
            set skip
        else if contains -- $word ${tree.valueFlags.join(' ')}
            set skip $word
        else if not string match -q -- '-*' $word
            set -a plain $word
        end
    end
    switch "$plain[1]"
        case ${plainNames(tree).join(' ')}
            echo $plain[1]
        case '*'
            echo (string join ' ' -- $plain[1..2])
    end
end
function __keywright_at
    contains -- (__keywright_command) $argv
end
function __keywright_ask
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    # Exactly one newline between two words: the last one may be empty.
    $typed[1] completion fish --words=(begin
        printf '%s\\n' $typed
        printf '%s' "$current"
    end | string collect --allow-empty --no-trim-newlines) 2>/dev/null
end
${[
  ...rows(tree.top, at([''])),
  ...tree.nouns.flatMap((noun) => rows(noun.verbs, at(noun.spellings))),
  ...flagRows,
].join('\n')}
complete -c keywright -f -n 'not __keywright_at "" ${files}' -a '(__keywright_ask)'
complete -c keywright -F -n '__keywright_at ${files}'
`;
}

function powershell(tree: CompletionTree): string {
  const list = (words: readonly string[]): string => `@(${words.map((word) => `'${word}'`).join(', ')})`;
  const entry = (names: readonly string[], words: readonly string[]): string[] =>
    names.map((name) => `        '${name}' = ${list(words)}`);
  const words = (all: readonly Word[]): string[] => all.map(({ word }) => word);
  return `# PowerShell completion for keywright; made by: keywright completion powershell
Register-ArgumentCompleter -Native -CommandName keywright -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $verbs = @{
${[...entry([''], words(tree.top)), ...tree.nouns.flatMap((noun) => entry(noun.spellings, words(noun.verbs)))].join('\n')}
    }
    $flags = @{
${tree.commands.flatMap((one) => entry(one.spellings, words(one.flags))).join('\n')}
    }
    $choices = @{
${tree.commands
  .flatMap((one) =>
    one.choices.flatMap(({ flags, values }) =>
      entry(
        one.spellings.flatMap((name) => flags.map((flag) => `${name} ${flag}`)),
        values,
      ),
    ),
  )
  .join('\n')}
    }
    $valueFlags = ${list(tree.valueFlags)}
    $fileFlags = ${list(tree.fileFlags)}
    $fileCommands = ${list(tree.fileCommands)}
    $typed = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -eq '') { $typed += '' }
    $skip = ''
    $plain = @()
    foreach ($word in @($typed | Select-Object -SkipLast 1)) {
        if ($skip) { $skip = '' } elseif ($valueFlags -contains $word) { $skip = $word } elseif (-not $word.StartsWith('-')) { $plain += $word }
    }
    $command = if (${list(plainNames(tree))} -contains $plain[0]) { $plain[0] } else { (@($plain | Select-Object -First 2)) -join ' ' }
    $found = if ($skip -and $choices.ContainsKey("$command $skip")) { $choices["$command $skip"] }
    elseif ($fileFlags -contains $skip -or (-not $skip -and $fileFlags -contains ($wordToComplete -split '=')[0] -and $wordToComplete.Contains('='))) { @() }
    elseif (-not $skip -and $wordToComplete.StartsWith('-') -and -not $wordToComplete.Contains('=')) { $flags[$command] }
    elseif (-not $skip -and $verbs.ContainsKey($command)) { $verbs[$command] }
    elseif (-not $skip -and $fileCommands -contains $command) { @() }
    else { & $commandAst.CommandElements[0].Value completion powershell "--words=$((@('keywright') + $typed) -join [string][char]10)" 2>$null }
    $found | Where-Object { $_ -and $_.StartsWith($wordToComplete) } | ForEach-Object {
        $text = if ($_ -match '[^A-Za-z0-9_:.*/=-]') { "'" + ($_ -replace "'", "''") + "'" } else { $_ }
        [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
    }
}
`;
}
