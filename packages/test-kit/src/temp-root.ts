import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestHooks } from "./test-hooks.ts";

export interface TempRoot {
  readonly path: string;
  /** A path inside, not made. */
  join(...parts: string[]): string;
  /** Makes a directory inside and returns its path. */
  dir(...parts: string[]): string;
  remove(): void;
}

/** A fresh private directory. Removed when the test ends if its hooks are given, else by `remove()`. */
export function tempRoot(o: { prefix?: string; test?: TestHooks } = {}): TempRoot {
  // Resolved: on macOS the temporary directory is behind a link, and the product compares real paths.
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), o.prefix ?? "baa-test-")));
  const join = (...parts: string[]): string => path.join(root, ...parts);
  const made: TempRoot = {
    path: root,
    join,
    dir: (...parts) => {
      fs.mkdirSync(join(...parts), { recursive: true, mode: 0o700 });
      return join(...parts);
    },
    // A process that was just killed may still be writing: try again for a moment.
    remove: () => fs.rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
  o.test?.onTestFinished(() => made.remove());
  return made;
}
