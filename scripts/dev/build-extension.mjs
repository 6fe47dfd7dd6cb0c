// Builds the Firefox extension from one source for both manifest versions: `dist/mv2/` and `dist/mv3/`, unpacked, and an
// archive of each. The same sources give the same bytes.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { zipSync } from "fflate";
import { bundleForExtension, evaluate } from "./bundle.mjs";

const app = path.resolve(import.meta.dirname, "../../apps/firefox-extension");

/** Source -> file of the extension. */
const SCRIPTS = {
  "src/background/index.ts": "background.js",
  "src/content/index.ts": "content.js",
  "src/popup/popup.ts": "popup/popup.js",
};
/** Folders whose files go along as they are, but for sources. */
const FOLDERS = { "src/popup": "popup", "src/icons": "icons" };

const filesBelow = (dir) =>
  fs
    .readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
    .sort();

/** What both versions have: file of the extension -> bytes. */
const sharedFiles = async () => {
  const files = new Map();
  for (const [source, file] of Object.entries(SCRIPTS))
    files.set(file, await bundleForExtension(path.join(app, source)));
  for (const [folder, place] of Object.entries(FOLDERS)) {
    for (const file of filesBelow(path.join(app, folder)).filter((name) => !name.endsWith(".ts")))
      files.set(path.posix.join(place, file), fs.readFileSync(path.join(app, folder, file)));
  }
  return files;
};

const writeUnpacked = (dir, files) => {
  fs.rmSync(dir, { recursive: true, force: true });
  for (const [file, bytes] of files) {
    fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    fs.writeFileSync(path.join(dir, file), bytes);
  }
};

/** In one order and with one date (the first that a zip knows; it has no time zone). */
const archiveOf = (files) =>
  zipSync(Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1))), {
    level: 9,
    mtime: new Date(1980, 0, 1),
    os: 3,
  });

/** Builds both into this directory. @returns names of the archives */
export const buildExtension = async (dist) => {
  const { version } = JSON.parse(fs.readFileSync(path.join(app, "package.json"), "utf8"));
  const { manifestOf } = await evaluate(path.join(app, "src/manifest.ts"));
  const shared = await sharedFiles();
  return [2, 3].map((manifestVersion) => {
    const manifest = Buffer.from(`${JSON.stringify(manifestOf(manifestVersion, version), null, 2)}\n`);
    const files = new Map([["manifest.json", manifest], ...shared]);
    writeUnpacked(path.join(dist, `mv${manifestVersion}`), files);
    const archive = `baa-conductor-mv${manifestVersion}.xpi`;
    fs.writeFileSync(path.join(dist, archive), archiveOf(files));
    return archive;
  });
};

const main = async () => {
  const dist = path.join(app, "dist");
  for (const archive of await buildExtension(dist)) {
    const kib = Math.round(fs.statSync(path.join(dist, archive)).size / 1024);
    console.log(`built apps/firefox-extension/dist/${archive} (${kib} KiB)`);
  }
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    await main();
  } catch (error) {
    // esbuild has already printed its own messages.
    if (!Array.isArray(error.errors)) console.error(`build-extension: ${error.message}`);
    process.exit(1);
  }
}
