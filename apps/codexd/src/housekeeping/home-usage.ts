import type { Dirent } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";

/** Bytes on disk below a CODEX_HOME. */
export interface HomeUsage {
  /** Histories of threads, archived ones too. */
  readonly sessions: number;
  /** Codex's own log with its journal, and the former one. */
  readonly logs: number;
  readonly other: number;
}

/** Parts of the walk that may be under way at once; the rest of the daemon has the file system too. */
const PARALLEL = 8;

/**
 * Measures a CODEX_HOME. Asynchronous all the way, so that a home of a million files costs time and not the event
 * loop; links are not followed, and what vanishes meanwhile does not count.
 */
export const measureHome = async (codexHome: string, signal: AbortSignal): Promise<HomeUsage> => {
  const usage = { sessions: 0, logs: 0, other: 0 };
  for (const entry of await entriesOf(codexHome)) {
    usage[partOf(entry.name)] += await bytesOf(path.join(codexHome, entry.name), entry, signal);
  }
  return usage;
};

const partOf = (name: string): keyof HomeUsage => {
  if (name === "sessions" || name === "archived_sessions") return "sessions";
  return name.startsWith("logs_2.sqlite") ? "logs" : "other";
};

const bytesOf = async (file: string, entry: Dirent, signal: AbortSignal): Promise<number> => {
  signal.throwIfAborted();
  if (entry.isFile()) return sizeOf(file);
  if (!entry.isDirectory()) return 0;
  const entries = await entriesOf(file);
  let bytes = 0;
  for (let at = 0; at < entries.length; at += PARALLEL) {
    const some = entries.slice(at, at + PARALLEL);
    const sizes = await Promise.all(some.map((each) => bytesOf(path.join(file, each.name), each, signal)));
    for (const size of sizes) bytes += size;
  }
  return bytes;
};

const entriesOf = async (dir: string): Promise<Dirent[]> => {
  try {
    return await fs.readdir(dir, { withFileTypes: true });
  } catch {
    return []; // it is gone, or not ours to read
  }
};

const sizeOf = async (file: string): Promise<number> => {
  try {
    return (await fs.lstat(file)).size;
  } catch {
    return 0; // it is gone
  }
};
