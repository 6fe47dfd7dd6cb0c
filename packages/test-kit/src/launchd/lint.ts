import { parse } from "plist";

/** Text -> value, as strict as `plutil -lint`; `fault` says why it is no property list. */
export type Linted = { readonly value: unknown; readonly fault?: undefined } | { readonly fault: string };

/**
 * Reads an XML property list. Not the product's own parser, so that a fault there cannot hide here; what npm's parser
 * lets pass and CoreFoundation does not is refused before it (a bare `&`, a key without value, two roots).
 */
export function lintPlist(text: string): Linted {
  if (text.length === 0) return { fault: "Property List error: Unexpected end of file" };
  const bare = /&(?!(?:lt|gt|amp|quot|apos|#\d+|#x[0-9a-fA-F]+);)/.exec(text.replaceAll(/<!--[^]*?-->/g, ""));
  if (bare !== null) return { fault: "Encountered unknown ampersand-escape sequence" };
  if (/<\/key>\s*(<!--[^]*?-->\s*)*<\/dict>/.test(text)) return { fault: "Value missing for key inside <dict>" };
  if (!/^\s*(<\?xml|<!DOCTYPE|<!--|<plist)/.test(text)) return { fault: "Unexpected character at line 1" };
  try {
    const value: unknown = quietly(() => parse(text));
    // npm's parser gives an array of all roots when there is not exactly one.
    const roots = /<plist[^>]*>\s*(<!--[^]*?-->\s*)*<array/.test(text);
    if (Array.isArray(value) && !roots) return { fault: "Encountered unexpected element (not exactly one root)" };
    return { value };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

/* oxlint-disable no-console -- not ours: the XML parser below prints each fault before it throws it */
function quietly<T>(work: () => T): T {
  const print = console.error;
  console.error = () => undefined;
  try {
    return work();
  } finally {
    console.error = print;
  }
}
/* oxlint-enable no-console */
