import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { createPrivateFile, readPrivateFile } from "@baa/storage";

export const TOKEN_FILE = "token";

/** Makes codexd's own token (32 random bytes) unless it is there. Returns the file's path. */
export const ensureToken = (stateDir: string): string => {
  const file = path.join(stateDir, TOKEN_FILE);
  if (!fs.existsSync(file)) createPrivateFile(file, `${crypto.randomBytes(32).toString("base64url")}\n`);
  readPrivateFile(file);
  return file;
};

/** How often the token files are looked at again for redaction. */
const REFRESH_MS = 1000;
/** Shorter values would redact ordinary text. */
const SECRET_CHARS_MIN = 16;

/** Values that are secret for as long as this process lives, beside those of files. */
export class LiveSecrets {
  readonly #ofFiles: () => readonly string[];
  readonly #added = new Set<string>();
  #all: { readonly ofFiles: readonly string[]; readonly values: readonly string[] } | undefined;

  constructor(ofFiles: () => readonly string[]) {
    this.#ofFiles = ofFiles;
  }

  add(value: string): void {
    this.#added.add(value);
    this.#all = undefined;
  }

  /** The same array as long as nothing changed. */
  values(): readonly string[] {
    const ofFiles = this.#ofFiles();
    if (this.#all?.ofFiles !== ofFiles) this.#all = { ofFiles, values: [...ofFiles, ...this.#added] };
    return this.#all.values;
  }
}

/** The live values of the token files, re-read at most once a second; a missing file has none. */
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
    // Not there, or not ours to read: then Codex, which runs as the same user, cannot print it either.
    return [];
  }
};
