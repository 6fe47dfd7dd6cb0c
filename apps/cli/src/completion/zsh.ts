import { quote, valueCases, walk } from "./posix.ts";
import type { CompletedVerb } from "./tree.ts";

/** A completion script for zsh: a file `_baa` in `fpath`, or `source <(baa completion zsh)`. */
export const zshScript = (tree: readonly CompletedVerb[]): string => `#compdef baa
# zsh completion of baa; made by \`baa completion zsh\`
_baa() {
  local cur="\${words[CURRENT]}" at="" want="" word="" i
  local -a found
${walk(tree, { first: 2, count: "CURRENT", wordAt: "${words[i]}" })}
  case "$cur" in -*) want="" ;; esac
  if [ -n "$want" ]; then
    case "$want" in
${valueCases(tree, (value) => {
  if (value.kind === "words") return `compadd -- ${value.words.map(quote).join(" ")}`;
  if (value.kind === "directory") return "_files -/";
  return value.kind === "file" ? "_files" : undefined;
})}
    esac
    return 0
  fi
  case "$at" in
${tree.map(placeCase).join("\n")}
  esac
  if [[ "$cur" == -* ]]; then
    _describe option found
  elif ((\${#found})); then
    _describe verb found
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _baa ]]; then
  _baa "$@"
else
  compdef _baa baa
fi
`;

const placeCase = ({ at, verbs, words, options }: CompletedVerb): string => {
  const plain = [...verbs.map(({ name, summary }) => entry(name, summary)), ...words.map(quote)].join(" ");
  const dashed = options.flatMap(({ names, summary }) => names.map((name) => entry(name, summary))).join(" ");
  return `    ${quote(at)}) if [[ "$cur" == -* ]]; then found=(${dashed}); else found=(${plain}); fi ;;`;
};

/** `_describe` parts name and text at the first colon. */
const entry = (name: string, summary: string): string => quote(`${name.replaceAll(":", "\\:")}:${summary}`);
