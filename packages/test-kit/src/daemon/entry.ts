import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { REPO_ROOT } from "../repository.ts";

/** Node's arguments that run an app: its bundle, or its source by tsx. Looks at every source file, so ask once. */
export function findEntry(app: string, built: boolean | undefined): string[] {
  const bundle = path.join(REPO_ROOT, "apps", app, "dist/index.js");
  if (built ?? isFresh(bundle)) return [bundle];
  const tsx = createRequire(path.join(REPO_ROOT, "package.json")).resolve("tsx");
  return ["--import", pathToFileURL(tsx).href, path.join(REPO_ROOT, "apps", app, "src/index.ts")];
}

/** In no daemon: the tests' own tools, and what runs in a browser. */
const RUN_NOWHERE = new Set(["test-kit", "status-page"]);

/** A bundle older than any source of an app or package would test yesterday's code. */
function isFresh(bundle: string): boolean {
  const builtMs = fs.statSync(bundle, { throwIfNoEntry: false })?.mtimeMs;
  if (builtMs === undefined) return false;
  const sources = ["apps", "packages"].flatMap((kind) => {
    const names = fs.readdirSync(path.join(REPO_ROOT, kind)).filter((name) => !RUN_NOWHERE.has(name));
    return names.map((name) => path.join(REPO_ROOT, kind, name, "src"));
  });
  return sources.every((dir) => newestMs(dir) <= builtMs);
}

function newestMs(dir: string): number {
  if (!fs.existsSync(dir)) return 0;
  const files = fs.readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|sql)$/.test(name));
  return Math.max(0, ...files.map((name) => fs.statSync(path.join(dir, name)).mtimeMs));
}
