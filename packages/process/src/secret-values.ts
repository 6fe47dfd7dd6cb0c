import fs from "node:fs";

/** How often the files are looked at again. */
const REFRESH_MS = 1000;
/** Shorter values would redact ordinary text. */
const SECRET_CHARS_MIN = 16;

/** The live values of token files, for redaction; re-read at most once a second, a missing file has none. */
export const secretValues = (files: readonly string[], nowMs: () => number): (() => readonly string[]) => {
  let values: readonly string[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (nowMs() - readAtMs < REFRESH_MS) return values;
    readAtMs = nowMs();
    values = files.flatMap(readValue);
    return values;
  };
};

const readValue = (file: string): string[] => {
  try {
    const value = fs.readFileSync(file, "utf8").trim();
    return value.length >= SECRET_CHARS_MIN ? [value] : [];
  } catch {
    // Not there, or not ours to read: then neither we nor Codex, which runs as the same user, can print it.
    return [];
  }
};
