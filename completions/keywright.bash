# bash completion for keywright; made by: keywright completion bash
_keywright() {
  local words=() cword=-1 found='' asked='' files='' skip='' noun='' command=''
  local line=${COMP_LINE:0:COMP_POINT} cur word blank i
  # bash takes words apart at : and =, which names and flags have in them; what has no blank between is one word.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]} blank=${line%%[![:blank:]]*} line=${line#${line%%[![:blank:]]*}}
    if ((i == COMP_CWORD)); then word=$line; else line=${line#"$word"}; fi
    if [[ -n $blank || $i -eq 0 ]]; then words[++cword]=$word; else words[cword]+=$word; fi
  done
  cur=${words[cword]}
  COMPREPLY=()
  for ((i = 1; i < cword; i++)); do
    word=${words[i]}
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
    --access|--account|--action|--actor|--after|--allow-ip|--allow-scope|--authorization-endpoint|--brand|--callback-port|--ceiling|--check|--check-timeout|--client-id|--connect-apps|--create-keys|--default-life|--deliver|--deliver-as|--deliver-timeout|--description|--device-endpoint|--expect|--expires|--expiring-within|--file|--format|--from-env|--from-file|--grace|--hmac-key-encoding|--hmac-key-from-env|--hmac-key-from-file|--identity|--if-idle|--if-older-than|--integration|--ip|--issuer|--key|--key-file|--kind|--limit|--longest-life|--match|--min-valid|--mode|--name|--output|--owner|--passphrase-fd|--passphrase-file|--path|--provider|--public-key|--purpose|--reason|--reassign-to|--recipient|--recipients-file|--resource|--restrict|--restrict-provider-scope|--revocation-endpoint|--role|--scope|--since|--slot|--status|--timeout|--token-endpoint|--unlock|--unused-for|--url|--userinfo-endpoint|--words|--workspace|-w) skip=$word ;;
    -*) ;;
    *) if [[ -z $noun ]]; then noun=$word command=$word; elif [[ $command == "$noun" ]]; then command="$noun $word"; fi ;;
    esac
  done
  case $noun in init|doctor|completion) command=$noun ;; esac
  case ${skip:-${cur%%=*}} in
  --check|--deliver|--file|--from-file|--hmac-key-from-file|--identity|--key-file|--output|--passphrase-file|--path|--public-key|--recipients-file) if [[ -n $skip || $cur == *=* ]]; then files=1; fi ;;
  esac
  if [[ -n $files ]]; then
    :
  elif [[ -n $skip ]]; then
    case "$command $skip" in
    'init --unlock') found='auto keychain passphrase key-file' ;;
    'init --kind') found='personal company' ;;
    'keys create --access'|'key create --access') found='read read-write' ;;
    'keys create --mode'|'key create --mode') found='live test' ;;
    'keys import --format'|'key import --format') found='lines csv jsonl' ;;
    'keys import --access'|'key import --access') found='read read-write' ;;
    'keys import --mode'|'key import --mode') found='live test' ;;
    'keys import --hmac-key-encoding'|'key import --hmac-key-encoding') found='raw hex base64' ;;
    'keys list --status'|'keys ls --status'|'key list --status'|'key ls --status') found='active rotating expired disabled revoked' ;;
    'keys list --format'|'keys ls --format'|'key list --format'|'key ls --format') found='github azure' ;;
    'keys rotate --status'|'key rotate --status') found='active rotating expired disabled revoked' ;;
    'keys disable --status'|'key disable --status') found='active rotating expired disabled revoked' ;;
    'keys enable --status'|'key enable --status') found='active rotating expired disabled revoked' ;;
    'keys revoke --status'|'key revoke --status') found='active rotating expired disabled revoked' ;;
    'keys verify --mode'|'key verify --mode') found='live test' ;;
    'workspaces create --kind'|'workspace create --kind') found='personal company' ;;
    'members add --role'|'member add --role') found='viewer developer admin owner' ;;
    'members update --role'|'member update --role') found='viewer developer admin owner' ;;
    'policy set --create-keys') found='viewer developer admin owner' ;;
    'policy set --connect-apps') found='viewer developer admin owner' ;;
    'slots add --kind'|'slot add --kind') found='keychain passphrase key-file' ;;
    'slots add --role'|'slot add --role') found='operator verifier' ;;
    'backup restore --unlock') found='auto keychain passphrase key-file' ;;
    *) asked=1 ;;
    esac
  elif [[ $cur == --*=* ]]; then
    asked=1
  elif [[ $cur == -* ]]; then
    case $command in
    'init') found='-w --workspace --unlock --no-recovery --kind --brand --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'doctor') found='--fix --accept-rollback --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'completion') found='--words --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'keys create'|'key create') found='-w --workspace --scope --access --name --expires --owner --integration --purpose --mode --allow-ip --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'keys import'|'key import') found='-w --workspace --format --scope --access --expires --owner --mode --allow-ip --integration --hmac-key-from-file --hmac-key-from-env --hmac-key-encoding --dry-run --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'keys list'|'keys ls'|'key list'|'key ls') found='-w --workspace --status --owner --integration --expiring-within --unused-for --limit --after --fail-if-any --format --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'keys show'|'key show') found='-w --workspace --from-stdin --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'keys update'|'key update') found='-w --workspace --name --purpose --no-purpose --owner --integration --allow-ip --any-ip --expires --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'keys rotate'|'key rotate') found='-w --workspace --status --owner --integration --expiring-within --unused-for --match --all --expect --from-stdin --dry-run --grace --expires --deliver --deliver-as --deliver-timeout --check --no-check --check-timeout --if-older-than -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'keys disable'|'key disable') found='-w --workspace --status --owner --integration --expiring-within --unused-for --match --all --expect --from-stdin --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'keys enable'|'key enable') found='-w --workspace --status --owner --integration --expiring-within --unused-for --match --all --expect --from-stdin --dry-run --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'keys revoke'|'key revoke') found='-w --workspace --status --owner --integration --expiring-within --unused-for --match --all --expect --from-stdin --dry-run --reason -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'keys verify'|'key verify') found='-w --workspace --scope --mode --ip --explain --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'rotations list'|'rotations ls'|'rotation list'|'rotation ls') found='-w --workspace --open --limit --after --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'rotations resume'|'rotation resume') found='-w --workspace --from-stdin --deliver --deliver-as --deliver-timeout --check --no-check --check-timeout --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'rotations finish'|'rotation finish') found='-w --workspace --from-stdin --if-idle --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'rotations rollback'|'rotation rollback') found='-w --workspace --from-stdin --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'workspaces create'|'workspace create') found='--name --kind --brand --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'workspaces list'|'workspaces ls'|'workspace list'|'workspace ls') found='--json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'workspaces show'|'workspace show') found='--json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'workspaces rename'|'workspace rename') found='--json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'workspaces archive'|'workspace archive') found='--undo --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'workspaces use'|'workspace use') found='--none --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'scopes add'|'scope add') found='-w --workspace --description --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'scopes list'|'scopes ls'|'scope list'|'scope ls') found='-w --workspace --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'scopes remove'|'scope remove') found='-w --workspace --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'members add'|'member add') found='-w --workspace --role --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'members list'|'members ls'|'member list'|'member ls') found='-w --workspace --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'members update'|'member update') found='-w --workspace --role --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'members remove'|'member remove') found='-w --workspace --reassign-to --revoke-owned --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'policy show') found='-w --workspace --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'policy set') found='-w --workspace --create-keys --connect-apps --restrict --no-restrict --restrict-provider-scope --no-restrict-provider-scope --ceiling --default-life --longest-life --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'integrations create'|'integration create') found='-w --workspace --purpose --url --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'integrations list'|'integrations ls'|'integration list'|'integration ls') found='-w --workspace --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'integrations show'|'integration show') found='-w --workspace --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'integrations update'|'integration update') found='-w --workspace --name --purpose --no-purpose --url --no-url --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'integrations configure'|'integration configure') found='-w --workspace --url --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'integrations disable'|'integration disable') found='-w --workspace --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'integrations enable'|'integration enable') found='-w --workspace --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'integrations remove'|'integration remove') found='-w --workspace --revoke-keys --keep-keys --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'apps register'|'app register') found='-w --workspace --provider --issuer --resource --authorization-endpoint --token-endpoint --device-endpoint --revocation-endpoint --userinfo-endpoint --client-id --from-stdin --from-file --from-env --public --allow-scope --callback-port --integration --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'apps authorize'|'app authorize') found='-w --workspace --scope --account --device --no-browser --callback-port --timeout --client-credentials -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'apps token'|'app token') found='-w --workspace --account --min-valid --header --retry-uncertain --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'apps list'|'apps ls'|'app list'|'app ls') found='-w --workspace --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'apps show'|'app show') found='-w --workspace --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'apps update'|'app update') found='-w --workspace --name --allow-scope --no-allow-scope --client-id --from-stdin --from-file --from-env --public --callback-port --integration --no-integration --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'apps revoke'|'app revoke') found='-w --workspace --account --all-accounts --expect --reason --here-only --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'apps remove'|'app remove') found='-w --workspace --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'slots add'|'slot add') found='--kind --role --name --path --from-stdin --from-file --from-env --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'slots list'|'slots ls'|'slot list'|'slot ls') found='--json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'slots remove'|'slot remove') found='--dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'slots test'|'slot test') found='--json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'slots rekey'|'slot rekey') found='--dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'audit list'|'audit ls') found='-w --workspace --key --actor --action --since --limit --after --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'audit verify') found='--file --public-key --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'audit export') found='--output --since --public-key --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'backup create') found='--recipient --recipients-file --from-stdin --from-file --from-env --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'backup verify') found='--identity --from-stdin --from-file --from-env --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    'backup restore') found='--identity --from-stdin --from-file --from-env --unlock --undo-revocations --dry-run -y --yes --json -q --quiet --no-input --no-color --actor --slot --key-file --passphrase-file --passphrase-fd' ;;
    esac
  elif [[ -z $noun ]]; then
    found='init doctor completion keys rotations workspaces scopes members policy integrations apps slots audit backup help'
  else
    case $command in
    'keys'|'key') found='create import list show update rotate disable enable revoke verify' ;;
    'rotations'|'rotation') found='list resume finish rollback' ;;
    'workspaces'|'workspace') found='create list show rename archive use' ;;
    'scopes'|'scope') found='add list remove' ;;
    'members'|'member') found='add list update remove' ;;
    'policy') found='show set' ;;
    'integrations'|'integration') found='create list show update configure disable enable remove' ;;
    'apps'|'app') found='register authorize token list show update revoke remove' ;;
    'slots'|'slot') found='add list remove test rekey' ;;
    'audit') found='list verify export' ;;
    'backup') found='create verify restore' ;;
    'keys import'|'key import'|'backup create'|'backup verify'|'backup restore') files=1 ;;
    *) asked=1 ;;
    esac
  fi
  if [[ -n $files ]]; then
    compopt -o default 2>/dev/null
  elif [[ -n $asked ]]; then
    local IFS=$'\n'
    while read -r line; do
      [[ -n $line ]] && COMPREPLY+=("$(printf '%q' "$line")")
    done < <("${words[0]}" completion bash --words="${words[*]}" 2>/dev/null)
    # What stands before the last break is on the line already.
    for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"${cur%"${cur##*[$COMP_WORDBREAKS]}"}"}; done
  else
    COMPREPLY=($(compgen -W "$found" -- "$cur"))
  fi
}
complete -F _keywright keywright
