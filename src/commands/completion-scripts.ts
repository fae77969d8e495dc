export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

/*
 * Every script hands the words so far to `keywright completion <shell> --words`, which knows the command
 * tree and looks names up without unlocking anything. So none of them goes stale with a new command, and
 * what is checked in under completions/ is what `keywright completion` prints.
 */

const BASH = `# bash completion for keywright
_keywright() {
  local cur words cword IFS=$'\\n'
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n : cur words cword
  else
    words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD cur="\${COMP_WORDS[COMP_CWORD]}"
  fi
  local typed="\${words[*]:1:$cword}" line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$(printf '%q' "$line")")
  done < <("\${words[0]}" completion bash --words="$typed" 2>/dev/null)
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then
    compopt -o default 2>/dev/null
  elif declare -F __ltrim_colon_completions >/dev/null; then
    __ltrim_colon_completions "$cur"
  fi
}
complete -F _keywright keywright
`;

const ZSH = `#compdef keywright
# zsh completion for keywright
_keywright() {
  local -a found
  local typed="\${(pj:\\n:)words[2,CURRENT]}"
  found=("\${(@f)$("\${words[1]}" completion zsh --words="$typed" 2>/dev/null)}")
  found=(\${found:#})
  if (( \${#found} )); then
    compadd -a found
  else
    _files
  fi
}
if [ "\${funcstack[1]}" = _keywright ]; then
  _keywright "$@"
else
  compdef _keywright keywright
fi
`;

const FISH = `# fish completion for keywright
function __keywright_complete
    set -l typed (commandline -opc) (commandline -ct)
    set -l program $typed[1]
    set -e typed[1]
    $program completion fish --words=(string join \\n -- $typed | string collect --allow-empty --no-trim-newlines) 2>/dev/null
end
complete -c keywright -a '(__keywright_complete)'
`;

const POWERSHELL = `# PowerShell completion for keywright
Register-ArgumentCompleter -Native -CommandName keywright -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $typed = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -eq '') { $typed += '' }
    $joined = $typed -join [string][char]10
    & $commandAst.CommandElements[0].Value completion powershell "--words=$joined" 2>$null | ForEach-Object {
        $text = if ($_ -match '[^A-Za-z0-9_:.*/-]') { "'" + ($_ -replace "'", "''") + "'" } else { $_ }
        [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
    }
}
`;

/** The script to source in that shell. */
export function completionScript(shell: Shell): string {
  return { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL }[shell];
}
