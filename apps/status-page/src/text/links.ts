const OUTSIDE = new Set(["http:", "https:", "mailto:"]);

/** An address that may be followed by a click; undefined for everything else (paths, `javascript:`, `data:`). */
export const safeHref = (href: string): string | undefined => {
  try {
    const url = new URL(href);
    return OUTSIDE.has(url.protocol) ? url.href : undefined;
  } catch {
    return undefined; // No absolute address.
  }
};

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  rarr: "→",
  larr: "←",
  times: "×",
  middot: "·",
  bull: "•",
  copy: "©",
  reg: "®",
  trade: "™",
};

/** Character references as characters; names that are not known stay as they are written. */
export const decodeReferences = (text: string): string =>
  text.includes("&") ? text.replaceAll(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,8}));/g, decodeOne) : text;

const decodeOne = (whole: string, decimal?: string, hex?: string, name?: string): string => {
  if (name !== undefined) return NAMED[name] ?? whole;
  const code = decimal === undefined ? Number.parseInt(hex ?? "0", 16) : Number(decimal);
  return code === 0 || code > 0x10_ff_ff ? "\ufffd" : String.fromCodePoint(code);
};
