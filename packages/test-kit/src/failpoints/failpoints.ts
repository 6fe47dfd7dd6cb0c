import fs from "node:fs";
import * as z from "zod";

/** What happens at a failpoint. `kill` strikes before the call, `killAfter` after it; `short` writes only half. */
export type FailAction = "kill" | "killAfter" | "ENOSPC" | "EDQUOT" | "EFBIG" | "EIO" | "EACCES" | "short";

export interface Failpoint {
  /** A function of node:fs (`writeSync`, `fsync`, …), of its promises (`promises.rename`) or of a file handle (`handle.sync`). */
  readonly fn: string;
  /** The call that fails, from 1; `to` makes it a range (Infinity = every later one). */
  readonly nth: number;
  readonly to?: number;
  readonly action: FailAction;
  /** Counts only calls on paths that contain this. */
  readonly path?: string;
}

/** Address of the preload for `node --import`. It wraps node:fs and does what `BAA_FAILPOINT` says. */
export const FAILPOINT_PRELOAD = new URL("./preload.mjs", import.meta.url).href;

/** `fn:n:action[:path]`, `fn:n+:action` (from n on) or `fn:n-m:action`; several are parted by commas. */
export function formatFailpoints(points: readonly Failpoint[]): string {
  return points.map((point) => [point.fn, range(point), point.action, point.path ?? ""].join(":")).join(",");
}

function range({ nth, to }: Failpoint): string {
  if (to === undefined) return String(nth);
  return to === Infinity ? `${nth}+` : `${nth}-${to}`;
}

/**
 * Environment for a process with the preload. With `switchFile` the failpoints are read from that file and again
 * whenever it changes (none when missing), so that a full disk can get space again; counting then starts anew.
 * With `traceFile` every call is noted there as a line `{fn, path, nth}`, to enumerate places to fail.
 */
export function failpointEnv(o: {
  points?: readonly Failpoint[];
  switchFile?: string;
  traceFile?: string;
}): Record<string, string> {
  return {
    ...(o.points === undefined ? {} : { BAA_FAILPOINT: formatFailpoints(o.points) }),
    ...(o.switchFile === undefined ? {} : { BAA_FAILPOINT: `@${o.switchFile}` }),
    ...(o.traceFile === undefined ? {} : { BAA_FAILPOINT_TRACE: o.traceFile }),
  };
}

/** Switches failpoints on in processes that were given this `switchFile`; an empty list switches them off. */
export function switchFailpoints(file: string, points: readonly Failpoint[]): void {
  fs.writeFileSync(`${file}.new`, formatFailpoints(points));
  fs.renameSync(`${file}.new`, file);
}

const TraceLine = z.object({ fn: z.string(), path: z.string(), nth: z.number() });
export type TraceLine = z.infer<typeof TraceLine>;

/** Reads what a `traceFile` noted: `nth` counts calls of that function, whatever the path. */
export function readTrace(file: string): TraceLine[] {
  if (!fs.existsSync(file)) return [];
  const whole = fs.readFileSync(file, "utf8").split("\n").slice(0, -1);
  return whole.map((line) => TraceLine.parse(JSON.parse(line)));
}
