// Bundles one app or runnable package with esbuild: `node scripts/dev/build-app.mjs codexd`.
// A bundle starts ~150 ms sooner than separate files and a release needs no install step; only the
// SQLite addon stays outside (it finds its prebuilt binary beside its own package.json).
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bundle, bundleForBrowser } from "./bundle.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** What each name builds: entries (source -> file below `dist`), files and folders copied beside them; by what. */
const TARGETS = {
  codexd: {
    dir: "apps/codexd",
    entries: { "index.js": "apps/codexd/src/index.ts", "stub-child.js": "packages/codex-app-server/src/stub/main.ts" },
    copies: { "openapi.json": "docs/reference/openapi/codexd.json" },
  },
  "conductor-daemon": {
    dir: "apps/conductor-daemon",
    entries: { "index.js": "apps/conductor-daemon/src/index.ts" },
    copies: {
      "openapi.json": "docs/reference/openapi/conductor.json",
      migrations: "apps/conductor-daemon/src/db/migrations",
    },
  },
  "status-api": {
    dir: "apps/status-api",
    entries: { "index.js": "apps/status-api/src/index.ts" },
    copies: { "openapi.json": "docs/reference/openapi/status.json", page: "apps/status-page/dist" },
    // Without it the page says what to build; the figures are served all the same.
    optional: ["page"],
  },
  cli: {
    dir: "apps/cli",
    entries: { "index.js": "apps/cli/src/index.ts" },
    copies: {},
    isCommand: true,
  },
  "status-page": {
    dir: "apps/status-page",
    by: bundleForBrowser,
    entries: { "app.js": "apps/status-page/src/index.tsx", "app.css": "apps/status-page/src/styles/app.css" },
    copies: {
      "index.html": "apps/status-page/public/index.html",
      "favicon.svg": "apps/status-page/public/favicon.svg",
    },
  },
  "loopback-provider": {
    dir: "packages/loopback-provider",
    entries: { "bin.js": "packages/loopback-provider/src/bin.ts" },
    copies: {},
  },
};

/** What tsc keeps in a `dist` for itself, and maps, are no part of a copied folder. */
const isShipped = (file) => !/[\\/]dist[\\/]types$|\.tsbuildinfo$|\.map$/.test(file);

const main = async (name) => {
  const target = TARGETS[name];
  if (target === undefined)
    throw new Error(`nothing to build is named ${name}; known: ${Object.keys(TARGETS).join(", ")}`);
  const dist = path.join(root, target.dir, "dist");
  for (const [file, source] of Object.entries(target.entries)) {
    await (target.by ?? bundle)(path.join(root, source), path.join(dist, file));
    const kib = Math.round(fs.statSync(path.join(dist, file)).size / 1024);
    // A name on the PATH may lead to it.
    if (target.isCommand) fs.chmodSync(path.join(dist, file), 0o755);
    console.log(`built ${target.dir}/dist/${file} (${kib} KiB)`);
  }
  for (const [file, source] of Object.entries(target.copies)) {
    fs.rmSync(path.join(dist, file), { recursive: true, force: true });
    if (target.optional?.includes(file) && !fs.existsSync(path.join(root, source))) {
      console.log(`left out ${target.dir}/dist/${file}: ${source} is not built`);
      continue;
    }
    fs.cpSync(path.join(root, source), path.join(dist, file), { recursive: true, filter: isShipped });
    console.log(`copied ${target.dir}/dist/${file}`);
  }
};

try {
  await main(process.argv[2] ?? "");
} catch (error) {
  // esbuild has already printed its own messages.
  if (!Array.isArray(error.errors)) console.error(`build-app: ${error.message}`);
  process.exit(1);
}
