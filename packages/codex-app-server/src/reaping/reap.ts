import { setTimeout as delay } from "node:timers/promises";
import type { ChildRecord } from "./child-record.ts";
import type { ProcessIdentity, ProcessTable } from "./process-table.ts";

/** One process that was ended. */
export interface Reaped {
  pid: number;
  role: "child" | "descendant";
}

/** What a reaping did: whom it ended, and who would not end. */
export interface ReapReport {
  killed: Reaped[];
  left: number[];
}

export interface ReapOptions {
  table: ProcessTable;
  marker: { name: string; value: string };
  /** Sends a signal; throws like `process.kill`. */
  kill: (pid: number, signal: NodeJS.Signals) => void;
  /** This process: neither it nor an ancestor of it is ever signalled. */
  self: number;
  /** How long the child may take to end on SIGTERM, in ms. */
  termMs?: number;
  /** How long anything may take to vanish after SIGKILL, in ms. */
  killMs?: number;
}

const POLL_MS = 10;
const ROUNDS_MAX = 20;

/**
 * Ends the child that a record names and everything that carries its marker. A process is signalled only when pid
 * and start time are the recorded (or just seen) ones and the marker is in its environment: never by name.
 */
export async function reapRecorded(record: ChildRecord, o: ReapOptions): Promise<ReapReport> {
  const report: ReapReport = { killed: [], left: [] };
  if (!record.live) return report;
  if (record.child !== undefined) await reapChild(record.child, o, report);
  const rest = await reapDescendants(o);
  const known = new Set(report.killed.map(({ pid }) => pid));
  return {
    killed: [...report.killed, ...rest.killed.filter(({ pid }) => !known.has(pid))],
    left: [...new Set([...report.left, ...rest.left])],
  };
}

/** Ends every process that carries the marker, and looks again until a look finds nobody but those that will not end. */
export async function reapDescendants(o: ReapOptions): Promise<ReapReport> {
  const killed = new Map<string, ProcessIdentity>();
  const left = new Map<string, ProcessIdentity>();
  const spared = await ancestry(o);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const found = await o.table.findByEnv(o.marker.name, o.marker.value);
    const fresh = found.filter((one) => !spared.has(one.pid) && !left.has(keyOf(one)));
    if (fresh.length === 0) break;
    for (const one of fresh) {
      if (await signal(one, "SIGKILL", o)) killed.set(keyOf(one), one);
    }
    for (const one of fresh) {
      if (!(await isGone(one, o.killMs ?? 5_000, o))) left.set(keyOf(one), one);
    }
  }
  return {
    killed: [...killed.values()].map(({ pid }) => ({ pid, role: "descendant" as const })),
    left: [...left.values()].map(({ pid }) => pid),
  };
}

async function reapChild(child: ProcessIdentity, o: ReapOptions, report: ReapReport): Promise<void> {
  if ((await ancestry(o)).has(child.pid)) return;
  if (!(await signal(child, "SIGTERM", o))) return;
  report.killed.push({ pid: child.pid, role: "child" });
  if (await isGone(child, o.termMs ?? 1_000, o)) return;
  await signal(child, "SIGKILL", o);
  if (!(await isGone(child, o.killMs ?? 5_000, o))) report.left.push(child.pid);
}

/** Signals this very process if it is still there and carries the marker; tells whether it did. */
async function signal(one: ProcessIdentity, name: NodeJS.Signals, o: ReapOptions): Promise<boolean> {
  if (!(await o.table.hasEnv(one.pid, o.marker.name, o.marker.value))) return false;
  if ((await o.table.startTime(one.pid)) !== one.startTime) return false;
  try {
    o.kill(one.pid, name);
    return true;
  } catch {
    // It ended in between (ESRCH), or it is not ours to signal (EPERM).
    return false;
  }
}

/** Waits until the process is gone, at most `ms`. */
async function isGone(one: ProcessIdentity, ms: number, o: ReapOptions): Promise<boolean> {
  for (let waited = 0; ; waited += POLL_MS) {
    if ((await o.table.startTime(one.pid)) !== one.startTime) return true;
    if (waited >= ms) return false;
    await delay(POLL_MS);
  }
}

/** Our pid and those of our ancestors: a daemon restarted from a shell of its own former child must not end itself. */
async function ancestry(o: ReapOptions): Promise<Set<number>> {
  const pids = new Set<number>();
  for (let pid: number | undefined = o.self; pid !== undefined && pid > 0 && !pids.has(pid);) {
    pids.add(pid);
    pid = await o.table.parent(pid);
  }
  return pids;
}

function keyOf(one: ProcessIdentity): string {
  return `${one.pid}@${one.startTime}`;
}
