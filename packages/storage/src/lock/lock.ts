import fs from "node:fs";

import { PermissionFault } from "../file/private.ts";
import { type EngineDatabase, loadEngine, resultCodeOf, SQLITE } from "../sqlite/engine.ts";
import { type LockHolder, readHolder, removeHolder, writeHolder } from "./holder.ts";

export type { LockHolder } from "./holder.ts";

/** Another process has it. The daemon exits 75 and has written nothing. */
export class LockHeldError extends Error {
  readonly code = "lock_held";
  readonly path: string;
  /** Undefined in the moment before a fresh holder has left its name. */
  readonly holder: LockHolder | undefined;

  constructor(path: string, holder: LockHolder | undefined) {
    const who = holder ? `pid ${holder.pid} (${holder.command}) since ${holder.since}` : "another process";
    super(`${path} is held by ${who}`);
    this.name = "LockHeldError";
    this.path = path;
    this.holder = holder;
  }
}

export interface Lock {
  readonly path: string;
  /** Frees it. Idempotent. Without it the kernel frees it when the process ends, however it ends. */
  release(): void;
}

export interface LockOptions {
  /** The holder's command, such as `codexd start`, for the message another one gets. */
  holder: string;
  /** RFC 3339 time of now. */
  now?: () => string;
}

/** Long enough for contenders that start together to step back and try again; a loser has its answer after it. */
const BUSY_TIMEOUT_MS = 250;
const HOLDER_WAIT_MS = 10;
const HOLDER_WAITS_MAX = 20;

/**
 * Takes a lock that dies with its holder: an exclusive SQLite transaction, which is a lock of the kernel on the open
 * file. Held under SIGSTOP, free at once after kill -9; what is in the file never matters.
 *
 * The file must not be opened by other code of the holding process: closing any descriptor of it drops the lock (POSIX).
 * Nothing is ever written to it and it is never removed: a removed lock is how two processes come to hold "the" lock.
 *
 * Not `PRAGMA locking_mode = EXCLUSIVE`: with it a contender that fails keeps its shared lock, and of two that start
 * together neither wins.
 *
 * @throws LockHeldError within about a second; PermissionFault for a link or a directory at `path`
 */
export function acquireLock(path: string, o: LockOptions): Lock {
  prepareFile(path);
  const database = lockOrEmpty(path);
  const holderPath = `${path}.holder`;
  const now = o.now ?? ((): string => new Date().toISOString());
  writeHolder(holderPath, { pid: process.pid, command: o.holder, since: now() });

  let isHeld = true;
  return {
    path,
    release() {
      if (!isHeld) return;
      isHeld = false;
      removeHolder(holderPath); // before the lock is free, so that it never removes the next holder's
      database.close();
    },
  };
}

function prepareFile(path: string): void {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!stats) {
    createEmpty(path);
  } else if (!stats.isFile()) {
    throw new PermissionFault({ path, fault: "it is not a regular file", help: `mv ${path} ${path}.moved` });
  }
}

function createEmpty(path: string): void {
  try {
    fs.closeSync(fs.openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Somebody's garbage in the file is emptied, in place: SQLite tells of garbage only when nobody holds the lock. */
function lockOrEmpty(path: string): EngineDatabase {
  try {
    return tryLock(path);
  } catch (error) {
    const code = resultCodeOf(error);
    if (code !== SQLITE.notADatabase && code !== SQLITE.corrupt) throw error;
    fs.truncateSync(path, 0);
    return tryLock(path);
  }
}

function tryLock(path: string): EngineDatabase {
  const database = loadEngine().open(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if (resultCodeOf(error) === SQLITE.busy) throw new LockHeldError(path, awaitHolder(`${path}.holder`));
    throw error;
  }
}

/** A fresh holder leaves its name a moment after it won; the loser is about to exit and can wait that long. */
function awaitHolder(path: string): LockHolder | undefined {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  let holder = readHolder(path);
  for (let waits = 0; !holder && waits < HOLDER_WAITS_MAX; waits += 1) {
    Atomics.wait(nobody, 0, 0, HOLDER_WAIT_MS);
    holder = readHolder(path);
  }
  return holder;
}
