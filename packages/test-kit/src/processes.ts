import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process as one snapshot shows it. `mark` was found in its environment. */
export interface MarkedProcess {
  readonly pid: number;
  readonly command: string;
}

/** Whether a process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return stateOf(pid) !== "Z";
}

/**
 * Every live process whose environment holds `NAME=value` exactly. A daemon's scratch HOME is handed down to all its
 * descendants, so this finds orphans that no parent chain leads to. Linux reads /proc, other systems `ps -E`.
 */
export function findMarked(mark: { name: string; value: string }): MarkedProcess[] {
  const text = `${mark.name}=${mark.value}`;
  return process.platform === "linux" ? findInProc(text) : findByPs(text);
}

/** SIGKILLs every process that carries the mark, until none is left. */
export async function killMarked(mark: { name: string; value: string }): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const left = findMarked(mark);
    if (left.length === 0) return;
    for (const { pid } of left) tryKill(pid);
    await sleep(10);
  }
  throw new Error(`processes that do not die: ${JSON.stringify(findMarked(mark))}`);
}

/** Waits until none of the processes is alive; rejects after `timeoutMs` with those that are. */
export async function waitGone(pids: readonly number[], timeoutMs = 5000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const alive = pids.filter((pid) => isAlive(pid));
    if (alive.length === 0) return;
    if (performance.now() > deadline) throw new Error(`still alive after ${timeoutMs} ms: ${alive.join(", ")}`);
    await sleep(5);
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone in the meantime
  }
}

function stateOf(pid: number): string {
  if (process.platform !== "linux") return "?";
  const stat = readProc(pid, "stat");
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3); // the command may hold blanks and brackets
}

function findInProc(text: string): MarkedProcess[] {
  const pids = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).flatMap((pid) => {
    if (pid === process.pid || !readProc(pid, "environ").split("\0").includes(text) || !isAlive(pid)) return [];
    return [{ pid, command: readProc(pid, "cmdline").replaceAll("\0", " ").trim() }];
  });
}

/** Empty when the process is gone or not ours. */
function readProc(pid: number, file: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

function findByPs(text: string): MarkedProcess[] {
  const lines = execFileSync("ps", ["-axEww", "-o", "pid=,command="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const found = /^\s*(\d+)\s+(.*)$/.exec(line);
    if (found === null || !` ${line} `.includes(` ${text} `) || Number(found[1]) === process.pid) return [];
    return [{ pid: Number(found[1]), command: String(found[2]) }];
  });
}
