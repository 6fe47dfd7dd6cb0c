// Releases as folders, in process: made whole, switched in one step, pruned, compared with what lies on disk.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CHECKPOINT_READER } from "../../../packages/storage/src/file/checkpoint-format.ts";
import { JSON_READER } from "../../../packages/storage/src/file/checked-json.ts";
import { LOG_READER } from "../../../packages/storage/src/log/segment-header.ts";
import { openDatabase } from "../../../packages/storage/src/index.ts";
import { compareFormats, READERS, readersOf } from "../../runtime/lib/formats.mjs";
import { digestOf, installedFiles, releaseFiles } from "../../runtime/lib/release-files.mjs";
import * as releases from "../../runtime/lib/releases.mjs";

const ROOT = path.resolve(import.meta.dirname, "../../..");
let repo;

const write = (file, text, mode = 0o600) => {
  fs.mkdirSync(path.dirname(path.join(repo, file)), { recursive: true });
  fs.writeFileSync(path.join(repo, file), text, { mode });
};

beforeEach(() => {
  repo = fs.mkdtempSync(path.join(os.tmpdir(), "releases o'x 中文-"));
});

afterEach(() => fs.rmSync(repo, { recursive: true }));

/** A release with an id of that second. */
const create = (second, { check = () => undefined } = {}) => {
  write("apps/codexd/dist/index.js", `// build of second ${second}\n`, 0o700);
  const files = releaseFiles(repo);
  const digest = digestOf(files);
  const id = releases.newId(digest, new Date(Date.UTC(2026, 0, 1, 0, 0, second)));
  releases.createRelease(repo, { id, files, manifest: { version: "0.1.0", digest }, check });
  return id;
};

describe("a release", () => {
  test("holds what runs: builds, ops, scripts; no types, no compiler's notes, no sources", () => {
    write("apps/codexd/dist/types/a.d.ts", "");
    write("apps/codexd/dist/tsconfig.tsbuildinfo", "");
    write("apps/codexd/src/index.ts", "");
    write("apps/unbuilt/src/index.ts", "");
    write("apps/conductor-daemon/dist/migrations/types/0001.sql", "");
    write("ops/launchd/services.tsv", "");
    write("scripts/runtime/lib/x.mjs", "");
    write("scripts/dev/y.mjs", "");
    const id = create(1);
    expect(installedFiles(releases.releaseDir(repo, id)).map(({ to }) => to)).toEqual([
      "apps/codexd/dist/index.js",
      "apps/conductor-daemon/dist/migrations/types/0001.sql",
      "ops/launchd/services.tsv",
      "scripts/runtime/lib/x.mjs",
    ]);
    expect(id).toMatch(/^20260101T000001Z-[0-9a-f]{8}$/);
    const dir = releases.releaseDir(repo, id);
    const modeOf = (name) => fs.statSync(path.join(dir, name)).mode & 0o777;
    // Everybody may read code, whatever our umask; what was executable is.
    expect([modeOf("."), modeOf("apps/codexd"), modeOf("apps/codexd/dist/index.js"), modeOf("manifest.json")]).toEqual([
      0o755, 0o755, 0o755, 0o644,
    ]);
    expect(JSON.parse(fs.readFileSync(path.join(dir, "package.json"), "utf8")).type).toBe("module");
  });

  test("holds the packages that bundles leave outside, for this machine alone", () => {
    const id = fs.existsSync(path.join(ROOT, "apps/conductor-daemon/dist/index.js")) && releaseFiles(ROOT);
    if (id === false) return console.log("lane not run: packages beside a bundle: conductor is not built");
    const native = id.map(({ to }) => to).filter((name) => name.endsWith(".node"));
    expect(native.length).toBeGreaterThan(0);
    for (const name of native)
      expect(name).toContain(`node_modules/@photostructure/sqlite/prebuilds/${process.platform}-${process.arch}/`);
    expect(id.map(({ to }) => to)).toContain("node_modules/node-gyp-build/index.js");
  });

  test("that fails its check, or is interrupted, leaves nothing behind", () => {
    const fail = () => {
      throw new Error("it does not load");
    };
    expect(() => create(1, { check: fail })).toThrow("it does not load");
    expect(fs.readdirSync(releases.releasesDir(repo))).toEqual([]);
  });

  test("is known by its content: a changed, added or removed file shows", () => {
    const id = create(1);
    const manifest = releases.readManifest(repo, id);
    expect(releases.isIntact(repo, manifest)).toBe(true);
    releases.markServed(repo, id);
    expect(releases.isIntact(repo, manifest)).toBe(true);
    const file = path.join(releases.releaseDir(repo, id), "apps/codexd/dist/index.js");
    fs.chmodSync(file, 0o644);
    expect(releases.isIntact(repo, manifest)).toBe(false);
    fs.chmodSync(file, 0o755);
    fs.writeFileSync(path.join(path.dirname(file), "more.js"), "");
    expect(releases.isIntact(repo, manifest)).toBe(false);
  });

  test("of a newer kind than this code knows is none, and is not removed", () => {
    const ids = [1, 2, 3].map((second) => create(second));
    const file = path.join(releases.releaseDir(repo, ids[0]), "manifest.json");
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace('"minReader": 1', '"minReader": 2'));
    expect(releases.readManifest(repo, ids[0])).toBeUndefined();
    releases.pruneReleases(repo, { keep: 2, keepDir: path.join(repo, "kept") });
    expect(fs.existsSync(file)).toBe(true);
  });
});

describe("the link current", () => {
  test("is switched in one step, relative, and back; a folder in its place is not touched", () => {
    const [a, b] = [create(1), create(2)];
    expect(releases.currentId(repo)).toBeUndefined();
    expect(releases.pointTo(repo, a)).toBe(true);
    expect(releases.pointTo(repo, a)).toBe(false);
    let seen = new Set();
    const { renameSync } = fs;
    fs.renameSync = (from, to) => {
      seen.add(releases.currentId(repo)); // right before the step the old one is there
      renameSync(from, to);
    };
    try {
      releases.pointTo(repo, b);
    } finally {
      fs.renameSync = renameSync;
    }
    expect([...seen]).toEqual([a]);
    expect(fs.readlinkSync(releases.currentLink(repo))).toBe(b);
    releases.pointTo(repo, undefined);
    fs.mkdirSync(releases.currentLink(repo));
    expect(() => releases.pointTo(repo, a)).toThrow("is no link; move it away");
  });

  test("a rollback goes to the newest older release that has served", () => {
    const [a, b, c, d] = [1, 2, 3, 4].map((second) => create(second));
    for (const id of [a, b, d]) releases.markServed(repo, id);
    expect(releases.formerRelease(repo, d)).toBe(b); // c never served
    expect(releases.formerRelease(repo, c)).toBe(b);
    expect(releases.formerRelease(repo, b)).toBe(a);
    expect(releases.formerRelease(repo, a)).toBeUndefined();
  });
});

test("old releases go, but for the current one, where a rollback goes, and what a service was loaded from", () => {
  const ids = [1, 2, 3, 4, 5, 6, 7].map((second) => create(second));
  const keepDir = path.join(repo, "kept");
  write(
    "kept/so.makefile.baa-codexd.loaded",
    `gui/501/x abc ${releases.releaseDir(repo, ids[2])}/apps/codexd/dist/index.js\n`,
  );
  for (const id of [ids[0], ids[3]]) releases.markServed(repo, id);
  releases.pointTo(repo, ids[4]);
  write("releases/.tmp-half/apps/x", "");
  write("releases/20260101T000000Z-00000000/apps/x", "");
  const gone = releases.pruneReleases(repo, { keep: 2, keepDir });
  expect(gone.toSorted()).toEqual([ids[0], ids[1]]);
  expect(fs.readdirSync(releases.releasesDir(repo)).toSorted()).toEqual([...ids.slice(2), "current"]);
});

describe("formats", () => {
  test("the readers of this code are those that the packages have", () => {
    expect(READERS).toEqual({ log: LOG_READER, checkpoint: CHECKPOINT_READER, json: JSON_READER });
    const migrations = fs.readdirSync(path.join(ROOT, "apps/conductor-daemon/src/db/migrations"));
    for (const name of migrations) write(`apps/conductor-daemon/dist/migrations/${name}`, "");
    expect(readersOf(repo)).toEqual({ ...READERS, store: migrations.length });
  });

  test("each kind of file is compared; what cannot be read is said, and is no fault of the release", async () => {
    const places = {
      stateDir: path.join(repo, "state"),
      logsDir: path.join(repo, "logs"),
      configDir: path.join(repo, "config"),
    };
    write("logs/codexd/events.jsonl", '{"format":2,"minReader":2,"logId":"x"}\n{"seq":1}\n');
    write("logs/codexd/events.1.jsonl", '{"format":1,"minReader":1,"logId":"x"}\n');
    write("state/codexd/session-registry.json", '{"format":1,"minReader":3,"logId":"x","entries":[\n');
    write("state/codexd/identity.json", '{"format":1,"minReader":1}');
    write("config/tokens.json", '{"format":4,"minReader": 4,"tokens":[]}');
    write("state/conductor/conductor.sqlite", "");
    const file = path.join(places.stateDir, "conductor/conductor.sqlite");
    const database = await openDatabase(file);
    database.exec("CREATE TABLE store_format (id INTEGER PRIMARY KEY, format INTEGER, min_reader INTEGER)");
    database.exec("INSERT INTO store_format VALUES (1, 6, 5)");
    const compare = (readers) => compareFormats(readers, places, [repo, ROOT]);
    expect(compare({ log: 2, checkpoint: 3, json: 4, store: 5 })).toEqual({ faults: [], unknown: [] });
    // While conductor has it open.
    expect(compare({ log: 1, checkpoint: 1, json: 1, store: 4 }).faults).toEqual([
      `${places.logsDir}/codexd/events.jsonl needs reader 2, and this release has 1`,
      `${places.stateDir}/codexd/session-registry.json needs reader 3, and this release has 1`,
      `${places.configDir}/tokens.json needs reader 4, and this release has 1`,
      `${file} needs reader 5, and this release has 4`,
    ]);
    expect(compare({ log: 2, checkpoint: 3, json: 4 }).faults).toEqual([
      `${file} needs reader 5, and this release has 0`,
    ]);
    database.close();
    fs.writeFileSync(file, "no database at all, and long enough to be told from an empty file".repeat(20));
    const damaged = compare({ log: 2, checkpoint: 3, json: 4, store: 5 });
    expect(damaged.faults).toEqual([]);
    expect(damaged.unknown).toEqual([expect.stringMatching(/conductor\.sqlite was not looked into: .*not a database/)]);
  });
});
