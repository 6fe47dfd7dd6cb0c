import { execFileSync } from "node:child_process";
import path from "node:path";
import { REPO_ROOT } from "@baa/test-kit";

/** vitest's setup of the browser lane: what is installed there is never older than its sources. */
export function setup(): void {
  execFileSync(process.execPath, [path.join(REPO_ROOT, "scripts/dev/build-extension.mjs")], { stdio: "pipe" });
}
