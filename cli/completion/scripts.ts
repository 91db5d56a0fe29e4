/**
 * The scripts that teach a shell to complete: each asks `cmesh __complete WORDS...`, whose last line is `:` and bits
 * (2: no blank after the word, 4: no names of files). They need nothing but the shell itself.
 */
const bash = `# bash completion for cmesh: source <(cmesh completion bash)
_cmesh() {
  local line="\${COMP_LINE:0:COMP_POINT}" words=() candidate directive=4 glued
  read -ra words <<<"$line"
  [[ "$line" == *[[:space:]] ]] && words+=('')
  local current="\${words[\${#words[@]}-1]}"
  # bash replaces only what stands after the last = or :
  glued="\${current%"\${current##*[=:]}"}"
  COMPREPLY=()
  while IFS= read -r candidate; do
    case "$candidate" in
      :[0-9]*) directive="\${candidate#:}" ;;
      *) candidate="\${candidate%%$'\\t'*}"; COMPREPLY+=("\${candidate#"$glued"}") ;;
    esac
  done < <("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null)
  if ((directive & 2)); then compopt -o nospace 2>/dev/null; fi
  if (((directive & 4) == 0)); then
    compopt -o filenames 2>/dev/null
    while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done \\
      < <(compgen -f -- "\${current#"$glued"}")
  fi
}
complete -F _cmesh cmesh
`;

const zsh = `#compdef cmesh
# zsh completion for cmesh: source <(cmesh completion zsh), or put it into a folder of $fpath as _cmesh
_cmesh() {
  local -a lines described options
  local line value description
  integer directive=4
  lines=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${lines[@]}"; do
    if [[ "$line" == :<-> ]]; then
      directive=\${line#:}
    elif [[ -n "$line" ]]; then
      value="\${line%%$'\\t'*}"
      description=
      [[ "$line" == *$'\\t'* ]] && description="\${line#*$'\\t'}"
      described+=("\${value//:/\\\\:}\${description:+:$description}")
    fi
  done
  ((directive & 2)) && options=(-S '')
  ((\${#described})) && _describe -t candidates cmesh described "\${options[@]}"
  ((directive & 4)) || _files
}
if [[ "\${funcstack[1]}" == _cmesh ]]; then
  _cmesh "$@"
else
  compdef _cmesh cmesh
fi
`;

const fish = `# fish completion for cmesh: cmesh completion fish | source
function __cmesh_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] __complete $words[2..-1] 2>/dev/null)
    set -l directive 4
    for line in $lines
        if string match -qr '^:[0-9]+$' -- $line
            set directive (string sub -s 2 -- $line)
        else
            printf '%s\\n' $line
        end
    end
    # bit 4: no names of files
    if test (math "floor($directive / 4) % 2") -eq 0
        __fish_complete_path (commandline -ct)
    end
end
complete -c cmesh -e
complete -c cmesh -f -a '(__cmesh_complete)'
`;

/** By the name of the shell. */
export const completionScripts = { bash, zsh, fish } as const;
