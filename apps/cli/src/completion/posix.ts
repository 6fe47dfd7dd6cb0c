import { type CompletedVerb, stepsOf, takersOf, type ValueKind } from "./tree.ts";

/** In single quotes, for every shell of this family. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const pattern = (words: readonly string[]): string => words.map(quote).join(" | ");

/**
 * What bash and zsh have in common: goes over the words before the one that is completed. Afterwards `at` is the place
 * and `want` the option whose value is completed, `<where> <option>`, or nothing.
 */
export const walk = (tree: readonly CompletedVerb[], o: { first: number; count: string; wordAt: string }): string =>
  `  for ((i = ${o.first}; i < ${o.count}; i++)); do
    word="${o.wordAt}"
    if [ -n "$want" ]; then
      want=""
      case "$word" in -*) ;; *) continue ;; esac
    fi
    case "$word" in
      --) return 0 ;;
      -*)
        case "$at $word" in
${takersOf(tree)
  .map(({ words }) => `          ${pattern(words)}) want="$at $word" ;;`)
  .join("\n")}
        esac
        ;;
      *)
        case "$at $word" in
${stepsOf(tree)
  .map(({ words, to }) => `          ${pattern(words)}) at=${quote(to)} ;;`)
  .join("\n")}
        esac
        ;;
    esac
  done`;

/** The cases of `want`, each with what completes its value. */
export const valueCases = (
  tree: readonly CompletedVerb[],
  actionOf: (value: Exclude<ValueKind, { kind: "none" }>) => string | undefined,
): string =>
  takersOf(tree)
    .flatMap(({ words, value }) => {
      const action = actionOf(value);
      return action === undefined ? [] : [`      ${pattern(words)}) ${action} ;;`];
    })
    .join("\n");
