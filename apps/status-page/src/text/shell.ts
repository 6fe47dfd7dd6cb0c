/**
 * A quoted word as a POSIX shell reads it: `'it'"'"'s'` is `it's`. Undefined when the text is more than one word, or
 * would not be taken literally.
 */
export const unquoteWord = (text: string): string | undefined => {
  const piece = /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\$`;&|<>()*?[\]#~]+)/y;
  let word = "";
  let at = 0;
  while (at < text.length) {
    piece.lastIndex = at;
    const found = piece.exec(text);
    if (!found) return undefined;
    const [, single, double, escaped, plain] = found;
    word += single ?? double?.replaceAll(/\\([\\"$`])/g, "$1") ?? escaped ?? plain ?? "";
    at = piece.lastIndex;
  }
  return word;
};

const WRAPPED = /^(?:\S*\/)?(?:bash|zsh|sh|dash) -l?c (.+)$/s;

/** What was to be run: Codex wraps it into a call of the login shell. */
export const unwrapCommand = (command: string): string => {
  const inner = WRAPPED.exec(command)?.[1];
  return inner === undefined ? command : (unquoteWord(inner) ?? command);
};
