const MASK = "[redacted]";

/**
 * Replaces our live token values in everything that comes from the child: Codex's default sandbox
 * lets a command read files of its own user (measured: it printed the token). Values without a hit
 * are returned as they are.
 */
export const createRedactor = (secrets: () => readonly string[]): (<T>(value: T) => T) => {
  const walk = (value: unknown, tokens: readonly string[]): unknown => {
    if (typeof value === "string") return replaceAll(value, tokens);
    if (Array.isArray(value)) return mapChanged(value, (entry) => walk(entry, tokens));
    if (typeof value === "object" && value !== null) return walkObject(value as Record<string, unknown>, tokens);
    return value;
  };
  const walkObject = (value: Record<string, unknown>, tokens: readonly string[]): Record<string, unknown> => {
    const entries = Object.entries(value);
    const masked = mapChanged(entries, (pair): [string, unknown] => {
      const [key, entry] = pair;
      const nextKey = replaceAll(key, tokens);
      const next = walk(entry, tokens);
      return nextKey === key && next === entry ? pair : [nextKey, next];
    });
    return masked === entries ? value : Object.fromEntries(masked);
  };
  return <T>(value: T): T => {
    const tokens = secrets();
    return holdsToken(value, tokens) ? (walk(value, tokens) as T) : value;
  };
};

/** Looks without making anything: thousands of deltas a second pass here, and hardly one ever holds a secret. */
const holdsToken = (value: unknown, tokens: readonly string[]): boolean => {
  if (typeof value === "string") {
    for (const token of tokens) if (value.includes(token)) return true;
    return false;
  }
  if (typeof value !== "object" || value === null || tokens.length === 0) return false;
  if (Array.isArray(value)) return value.some((entry) => holdsToken(entry, tokens));
  for (const key of Object.keys(value)) {
    if (holdsToken(key, tokens) || holdsToken((value as Record<string, unknown>)[key], tokens)) return true;
  }
  return false;
};

const replaceAll = (text: string, tokens: readonly string[]): string => {
  let result = text;
  for (const token of tokens) if (result.includes(token)) result = result.replaceAll(token, MASK);
  return result;
};

/** The list with every entry changed; the list itself when nothing was. */
const mapChanged = <T>(list: T[], change: (entry: T) => T): T[] => {
  let changed: T[] | undefined;
  for (const [index, entry] of list.entries()) {
    const next = change(entry);
    if (next === entry) continue;
    changed ??= [...list];
    changed[index] = next;
  }
  return changed ?? list;
};
