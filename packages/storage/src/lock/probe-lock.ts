import fs from "node:fs";
import { loadEngine, resultCodeOf, SQLITE } from "../sqlite/engine.ts";
import { type LockHolder, readHolder } from "./holder.ts";

/** What a look at a lock found. `holder` is what the holder left of itself; undefined when it left nothing. */
export type LockProbe = { state: "free" } | { state: "held"; holder: LockHolder | undefined };

/**
 * Tells whether somebody holds the lock, without taking it: a shared lock is held for the moment of one read, which a
 * daemon that starts just then waits for. Creates nothing. Never call it in the process that holds the lock.
 *
 * @throws Node's or SQLite's error when the file cannot be read
 */
export function probeLock(path: string): LockProbe {
  if (!fs.existsSync(path)) return { state: "free" };
  const database = loadEngine().open(path, { readOnly: true });
  try {
    database.prepare("SELECT count(*) FROM sqlite_master").get();
    return { state: "free" };
  } catch (error) {
    const code = resultCodeOf(error);
    if (code === SQLITE.busy) return { state: "held", holder: readHolder(`${path}.holder`) };
    // Garbage in the file: SQLite tells of it only when nobody holds the lock, and the next start empties it.
    if (code === SQLITE.notADatabase || code === SQLITE.corrupt) return { state: "free" };
    throw error;
  } finally {
    database.close();
  }
}
