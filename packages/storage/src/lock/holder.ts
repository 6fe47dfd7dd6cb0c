import fs from "node:fs";

import { isAlive, tempNameFor } from "../file/temp-file.ts";

/** Who holds a lock, for the message only: the kernel decides who does. */
export interface LockHolder {
  pid: number;
  command: string;
  /** RFC 3339. */
  since: string;
}

/** Leaves the holder's name beside the lock. Not durable and allowed to fail: a full disk must not keep us out. */
export function writeHolder(path: string, holder: LockHolder): void {
  const temp = tempNameFor(path);
  try {
    fs.writeFileSync(temp, `${JSON.stringify(holder)}\n`, { mode: 0o600, flag: "wx" });
    fs.renameSync(temp, path);
  } catch {
    removeHolder(temp);
  }
}

export function removeHolder(path: string): void {
  try {
    fs.rmSync(path, { force: true });
  } catch {
    // it is only for a message, and the next holder replaces it
  }
}

/** The living holder that the file names; undefined when there is none, it is damaged, or it names the dead. */
export function readHolder(path: string): LockHolder | undefined {
  try {
    const { pid, command, since } = JSON.parse(fs.readFileSync(path, "utf8")) as Partial<LockHolder>;
    if (typeof pid !== "number" || typeof command !== "string" || typeof since !== "string") return undefined;
    return Number.isSafeInteger(pid) && pid > 0 && isAlive(pid) ? { pid, command, since } : undefined;
  } catch {
    return undefined;
  }
}
