import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** A live process of a group. */
export interface GroupMember {
  readonly pid: number;
  readonly command: string;
}

/** All processes of a group that still run. */
export function groupMembers(pgid: number): GroupMember[] {
  const lines = execFileSync("ps", ["-axww", "-o", "pid=,pgid=,stat=,command="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (found === null || Number(found[2]) !== pgid || found[3]?.startsWith("Z")) return [];
    return [{ pid: Number(found[1]), command: String(found[4]) }];
  });
}

/** SIGKILLs a whole group and waits until none of it is left. */
export async function killGroup(pgid: number, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      process.kill(-pgid, "SIGKILL");
    } catch {
      // nobody left to signal; `ps` below has the last word
    }
    const left = groupMembers(pgid);
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`processes that do not die: ${JSON.stringify(left)}`);
    await sleep(20);
  }
}
