import { type CompletedOption, type CompletedVerb, stepsOf, takersOf } from "./tree.ts";

/** A completion script for fish, for `~/.config/fish/completions/baa.fish`. */
export const fishScript = (
  tree: readonly CompletedVerb[],
): string => `# fish completion of baa; made by \`baa completion fish\`
function __baa_at --description 'whether the command line stands behind these verbs'
  set --local at ''
  set --local want 0
  for word in (commandline --tokenize --current-process --cut-at-cursor)[2..]
    if test $want = 1
      set want 0
      string match --quiet -- '-*' $word; or continue
    end
    switch "$at $word"
${takersOf(tree)
  .map(({ words }) => `      case ${words.map(quote).join(" ")}\n        set want 1`)
  .join("\n")}
${stepsOf(tree)
  .map(({ words, to }) => `      case ${words.map(quote).join(" ")}\n        set at ${quote(to)}`)
  .join("\n")}
    end
  end
  test "$at" = "$argv[1]"
end

complete --command baa --no-files
${tree.flatMap(placeLines).join("\n")}
`;

const placeLines = ({ at, verbs, words, options }: CompletedVerb): string[] => {
  const when = `complete --command baa --condition ${quote(`__baa_at ${quote(at)}`)}`;
  return [
    ...verbs.map(({ name, summary }) => `${when} --arguments ${quote(name)} --description ${quote(summary)}`),
    ...words.map((word) => `${when} --arguments ${quote(word)}`),
    ...options.map((option) => `${when}${optionWords(option)} --description ${quote(option.summary)}`),
  ];
};

const optionWords = ({ names, value }: CompletedOption): string => {
  const flags = names.map((name) =>
    name.startsWith("--") ? ` --long-option ${name.slice(2)}` : ` --short-option ${name.slice(1)}`,
  );
  return flags.join("") + VALUE_WORDS[value.kind](value.kind === "words" ? value.words : []);
};

const VALUE_WORDS: Readonly<Record<CompletedOption["value"]["kind"], (words: readonly string[]) => string>> = {
  none: () => "",
  words: (words) => ` --exclusive --arguments ${quote(words.join(" "))}`,
  directory: () => " --exclusive --arguments '(__fish_complete_directories)'",
  file: () => " --require-parameter --force-files",
  other: () => " --exclusive",
};

/** In single quotes fish knows the backslash before a quote and before itself. */
const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
