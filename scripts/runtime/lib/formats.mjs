// Formats on disk. Everything that is written says which reader it needs (`minReader`); a release knows which it is.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** The readers of this code, by kind of file. A test compares them with what the packages say. */
export const READERS = Object.freeze({ log: 1, checkpoint: 1, json: 1 });

const MIGRATIONS = "apps/conductor-daemon/dist/migrations";

/** What the code below `root` (a repository, or a release) can read: the newest `minReader` by kind. */
export const readersOf = (root) => {
  const dir = path.join(root, MIGRATIONS);
  const steps = fs.existsSync(dir) ? fs.readdirSync(dir).filter((name) => name.endsWith(".sql")).length : undefined;
  return { ...READERS, ...(steps !== undefined && { store: steps }) };
};

const HEAD_BYTES = 4096;

const headOf = (file) => {
  const handle = fs.openSync(file, "r");
  try {
    const buffer = Buffer.alloc(HEAD_BYTES);
    return buffer.toString("utf8", 0, fs.readSync(handle, buffer, 0, HEAD_BYTES, 0));
  } finally {
    fs.closeSync(handle);
  }
};

/** `minReader` stands in the head of every file of ours; 0 when it is not to be found there. */
const minReaderOf = (file) => Number(/"minReader":\s*(\d+)/.exec(headOf(file))?.[1] ?? 0);

const namesIn = (dir, pattern) =>
  fs.existsSync(dir)
    ? fs
        .readdirSync(dir)
        .filter((name) => pattern.test(name))
        .map((name) => path.join(dir, name))
    : [];

/** The database says it in a table. */
const storeReader = (file, codeRoots) => {
  const DatabaseSync = sqliteOf(codeRoots);
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const known = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'store_format'").get();
    return known === undefined
      ? 0
      : database.prepare("SELECT min_reader FROM store_format WHERE id = 1").get().min_reader;
  } finally {
    database.close();
  }
};

/** SQLite as the daemons have it: from Node 24 on its own, below the addon of a release or of the repository. */
const sqliteOf = (codeRoots) => {
  const isBuiltin = Number.parseInt(process.versions.node, 10) >= 24;
  const name = isBuiltin ? "node:sqlite" : "@photostructure/sqlite";
  let last;
  for (const root of codeRoots)
    try {
      return createRequire(path.join(root, "apps/conductor-daemon/dist/index.js"))(name).DatabaseSync;
    } catch (error) {
      last = error;
    }
  throw last;
};

const known = ({ stateDir, logsDir, configDir }) => [
  ...namesIn(path.join(logsDir, "codexd"), /^events(\.\d+)?\.jsonl$/).map((file) => ({ kind: "log", file })),
  ...namesIn(path.join(stateDir, "codexd"), /-registry\.json(\.prev)?$/).map((file) => ({ kind: "checkpoint", file })),
  ...namesIn(path.join(stateDir, "codexd"), /^(identity|daemon-state|codex-versions)\.json$/).map((file) => ({
    kind: "json",
    file,
  })),
  ...namesIn(configDir, /^tokens\.json$/).map((file) => ({ kind: "json", file })),
  ...namesIn(path.join(stateDir, "conductor"), /^conductor\.sqlite$/).map((file) => ({ kind: "store", file })),
];

/**
 * Compares what lies on disk with what a release reads: `{faults, unknown}`, both lines for people. A file that cannot
 * be read is not a fault of the release: the daemon itself says what is the matter with it.
 */
export const compareFormats = (readers, places, codeRoots) => {
  const faults = [];
  const unknown = [];
  for (const { kind, file } of known(places))
    try {
      const needed = kind === "store" ? storeReader(file, codeRoots) : minReaderOf(file);
      const has = readers[kind] ?? 0;
      if (needed > has) faults.push(`${file} needs reader ${needed}, and this release has ${has}`);
    } catch (error) {
      unknown.push(`${file} was not looked into: ${error.message}`);
    }
  return { faults, unknown };
};
