import { quote, valueCases, walk } from "./posix.ts";
import type { CompletedVerb } from "./tree.ts";

/** A completion script that bash 3.2 of macOS runs, too: no associative arrays, no compopt, no mapfile. */
export const bashScript = (
  tree: readonly CompletedVerb[],
): string => `# bash completion of baa; made by \`baa completion bash\`
# shellcheck shell=bash disable=SC2207
_baa() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" at="" want="" word="" words="" i
  COMPREPLY=()
${walk(tree, { first: 1, count: "COMP_CWORD", wordAt: "${COMP_WORDS[i]}" })}
  case "$cur" in -*) want="" ;; esac
  if [ -n "$want" ]; then
    # No answer for files: bash completes them by itself.
    case "$want" in
${valueCases(tree, (value) => {
  if (value.kind === "words") return `COMPREPLY=($(compgen -W ${quote(value.words.join(" "))} -- "$cur"))`;
  return value.kind === "directory" ? 'COMPREPLY=($(compgen -d -- "$cur"))' : undefined;
})}
    esac
    return 0
  fi
  case "$at" in
${tree.map(placeCase).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _baa baa
`;

const placeCase = ({ at, verbs, words, options }: CompletedVerb): string => {
  const plain = [...verbs.map(({ name }) => name), ...words].join(" ");
  const dashed = options.flatMap(({ names }) => names).join(" ");
  return `    ${quote(at)}) case "$cur" in -*) words=${quote(dashed)} ;; *) words=${quote(plain)} ;; esac ;;`;
};
