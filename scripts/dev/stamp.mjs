// Says whether installing or building would change anything: a stamp is a hash of what goes in, never "dist exists".
//   node scripts/dev/stamp.mjs fresh install|build   exit 0 when the stamp and the outputs are there and nothing changed
//   node scripts/dev/stamp.mjs write install|build   records what went in
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

const SKIPPED_DIRS = new Set(["node_modules", "dist", "test", "bench", ".cache", "docs"]);

const filesBelow = (dir) =>
  fs.readdirSync(path.join(root, dir), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) return SKIPPED_DIRS.has(entry.name) ? [] : filesBelow(file);
    return entry.isFile() ? [file] : [];
  });

const ROOT_FILES = ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"];

/** What goes into each step, and what must stand there afterwards. */
const STEPS = {
  install: {
    inputs: () =>
      [...ROOT_FILES, ...filesBelow("apps"), ...filesBelow("packages")].filter((file) =>
        /(package\.json|\.yaml)$/.test(file),
      ),
    outputs: ["node_modules/.modules.yaml", "node_modules/.bin/tsc", "node_modules/@openai/codex/package.json"],
  },
  build: {
    inputs: () => [
      ...ROOT_FILES,
      ...filesBelow("apps"),
      ...filesBelow("packages"),
      "scripts/dev/build-app.mjs",
      "scripts/dev/build-extension.mjs",
      "scripts/dev/bundle.mjs",
      "docs/reference/openapi/codexd.json",
      "docs/reference/openapi/conductor.json",
      "docs/reference/openapi/status.json",
    ],
    outputs: [
      "apps/codexd/dist/index.js",
      "apps/conductor-daemon/dist/index.js",
      "apps/firefox-extension/dist/baa-conductor-mv2.xpi",
      "apps/status-api/dist/index.js",
      "packages/loopback-provider/dist/bin.js",
    ],
  },
};

const hashOf = (step) => {
  // Another Node or another machine needs another install (native addons, the codex binary).
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${process.version}\n`);
  for (const file of step
    .inputs()
    .filter((input) => fs.existsSync(path.join(root, input)))
    .sort()) {
    hash.update(`${file}\n`).update(fs.readFileSync(path.join(root, file)));
  }
  return hash.digest("hex");
};

const [verb, name] = process.argv.slice(2);
const step = STEPS[name];
if (step === undefined || !["fresh", "write"].includes(verb)) {
  console.error("usage: stamp.mjs fresh|write install|build");
  process.exit(64);
}
const file = path.join(root, ".cache", `${name}.stamp`);
if (verb === "write") {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, hashOf(step));
} else {
  const isThere = [file, ...step.outputs.map((output) => path.join(root, output))].every((place) =>
    fs.existsSync(place),
  );
  process.exitCode = isThere && fs.readFileSync(file, "utf8") === hashOf(step) ? 0 : 1;
}
