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
