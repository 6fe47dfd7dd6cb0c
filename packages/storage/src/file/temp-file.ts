import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { basename, dirname, join } from "node:path";

const TEMP_NAME = /^\.(\d+)\.[0-9a-f]{8}\.tmp(\.former)?$/;

/** A name beside `path` that no other writer uses: `<path>.<pid>.<8 hex>.tmp`. */
export function tempNameFor(path: string): string {
  return `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
}

/**
 * Removes what killed writers of `path` left behind. Temporaries of living processes are kept; a pid of our own that is
 * older than this process belongs to a former life (containers give the same pid again).
 */
export function removeStaleTemps(path: string): void {
  const directory = dirname(path);
  const prefix = basename(path);
  for (const name of fs.readdirSync(directory)) {
    const match = name.startsWith(prefix) ? TEMP_NAME.exec(name.slice(prefix.length)) : null;
    if (!match) continue;
    const temp = join(directory, name);
    if (isStale(temp, Number(match[1]))) fs.rmSync(temp, { force: true });
  }
}

function isStale(temp: string, pid: number): boolean {
  if (pid !== process.pid) return !isAlive(pid);
  const modifiedMs = fs.lstatSync(temp, { throwIfNoEntry: false })?.mtimeMs;
  return modifiedMs !== undefined && modifiedMs < performance.timeOrigin;
}

/** Whether a process with this id exists, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
