import { execFileSync } from "node:child_process";
import fs from "node:fs";

/** Resident memory of a process. */
export const rssBytes = (pid: number): number =>
  1024 * Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" }).trim());

/** Open descriptors of a process of ours; undefined where the system does not tell without tools. */
export function openFiles(pid: number): number | undefined {
  return process.platform === "linux" ? fs.readdirSync(`/proc/${pid}/fd`).length : undefined;
}
