// Bundles one app or runnable package with esbuild: `node scripts/dev/build-app.mjs codexd`.
// A bundle starts ~150 ms sooner than separate files and a release needs no install step; only the
// SQLite addon stays outside (it finds its prebuilt binary beside its own package.json).
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** What each name builds: entries (source -> file below `dist`), files copied beside them. */
const TARGETS = {
  codexd: {
    dir: "apps/codexd",
    entries: { "index.js": "apps/codexd/src/index.ts", "stub-child.js": "packages/codex-app-server/src/stub/main.ts" },
    copies: { "openapi.json": "docs/reference/openapi/codexd.json" },
  },
  "loopback-provider": {
    dir: "packages/loopback-provider",
    entries: { "bin.js": "packages/loopback-provider/src/bin.ts" },
    copies: {},
  },
};

// fastify, pino and ws are CommonJS: inside an ESM bundle they still call require for Node's modules.
const banner = [
  'import { createRequire as __createRequire } from "node:module";',
  "const require = __createRequire(import.meta.url);",
].join("\n");

const bundle = (source, outfile) =>
  build({
    entryPoints: [path.join(root, source)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    banner: { js: banner },
    external: ["@photostructure/sqlite", "node:sqlite"],
    logLevel: "warning",
  });

const main = async (name) => {
  const target = TARGETS[name];
  if (target === undefined)
    throw new Error(`nothing to build is named ${name}; known: ${Object.keys(TARGETS).join(", ")}`);
  const dist = path.join(root, target.dir, "dist");
  for (const [file, source] of Object.entries(target.entries)) {
    await bundle(source, path.join(dist, file));
    const kib = Math.round(fs.statSync(path.join(dist, file)).size / 1024);
    console.log(`built ${target.dir}/dist/${file} (${kib} KiB)`);
  }
  for (const [file, source] of Object.entries(target.copies)) {
    fs.copyFileSync(path.join(root, source), path.join(dist, file));
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
