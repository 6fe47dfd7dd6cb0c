import path from "node:path";
import { ensurePrivateToken } from "@baa/storage";
import type { Config } from "../config.ts";

export const TOKEN_FILE = "token";

/** Makes codexd's own token unless it is there. Returns the file's path. */
export const ensureToken = (stateDir: string): string => {
  const file = path.join(stateDir, TOKEN_FILE);
  ensurePrivateToken(file);
  return file;
};

/** Where the live tokens are whose values nobody may see, our own first. */
export const liveTokenFiles = (
  config: Pick<Config, "stateDir" | "sharedTokenFile" | "statusTokenFile" | "hooksFile">,
): string[] => [
  path.join(config.stateDir, TOKEN_FILE),
  config.sharedTokenFile,
  config.statusTokenFile,
  config.hooksFile,
];

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
