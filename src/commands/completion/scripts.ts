/** Scripts for shells: each asks `sluice completion words` what may come next. */
export const completionScripts: Readonly<Record<string, string>> = {
  bash: `_sluice() {
  local IFS=$'\\n'
  COMPREPLY=($(sluice completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _sluice sluice`,
  zsh: `#compdef sluice
_sluice() {
  local -a proposed
  proposed=("\${(@f)$(sluice completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${proposed[1]}" ]]; then compadd -- "\${proposed[@]}"; else _files; fi
}
compdef _sluice sluice`,
  fish: `complete -c sluice -a '(sluice completion words -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
};
