import fs from "node:fs";

/** How often the files are looked at again. */
const REFRESH_MS = 1000;
/** Shorter values would redact ordinary text. */
const SECRET_CHARS_MIN = 16;

/** The secrets of webhooks say what they are, so they are found in a file that holds more than one value. */
const HOOK_SECRETS = /whsec_[A-Za-z0-9+/]{16,}={0,2}/g;

/** The live values of token files and of the operator's hooks.json, for redaction; re-read at most once a second, a missing file has none. */
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
    const hookSecrets = value.match(HOOK_SECRETS);
    if (hookSecrets !== null) return hookSecrets;
    return value.length >= SECRET_CHARS_MIN ? [value] : [];
  } catch {
    // Not there, or not ours to read: then neither we nor Codex, which runs as the same user, can print it.
    return [];
  }
};
