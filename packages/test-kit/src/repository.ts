import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The root of this repository. */
export const REPO_ROOT = path.resolve(fileURLToPath(new URL("../../..", import.meta.url)));

/**
 * The native binary of the pinned codex, behind its npm wrapper; undefined when the package (an optional
 * dependency per platform) is not installed.
 */
export function findNativeCodex(): string | undefined {
  const require = createRequire(path.join(REPO_ROOT, "package.json"));
  try {
    const wrapper = fs.realpathSync(path.dirname(require.resolve("@openai/codex/bin/codex.js")));
    const vendor = path.join(wrapper, "..", "..", `codex-${process.platform}-${process.arch}`, "vendor");
    const found = fs.readdirSync(vendor).map((triple) => path.join(vendor, triple, "bin", "codex"));
    return found.find((file) => fs.existsSync(file));
  } catch {
    return undefined; // not installed: the caller says which lane is not run
  }
}
