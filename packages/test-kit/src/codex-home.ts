import fs from "node:fs";
import path from "node:path";
import { codexConfigFor } from "@baa/loopback-provider";
import type { CodexConfigOptions } from "@baa/loopback-provider";

/** Makes a `CODEX_HOME` in `dir` that sends a Codex without key or login to a provider, and returns its path. */
export function createCodexHome(o: { dir: string; providerUrl: string } & CodexConfigOptions): string {
  fs.mkdirSync(o.dir, { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(o.dir, "config.toml"), codexConfigFor(o.providerUrl, o));
  return o.dir;
}
