import fs from "node:fs";

const SYNC = [
  "openSync",
  "writeSync",
  "fsyncSync",
  "fchmodSync",
  "linkSync",
  "renameSync",
  "rmSync",
  "closeSync",
] as const;
const SLICED = ["open", "write", "fsync", "link", "rename", "rm", "close"] as const;

export interface Fault {
  /** The call to fail, counted from 0 over all watched functions. */
  at: number;
  code: string;
  /** `error`: only that call fails. `crash`: nothing reaches the disk from that call on, cleaning up included. */
  kind: "error" | "crash";
  /** A call of this name always fails with this code, such as `linkSync` on a file system without hard links. */
  always?: { name: string; code: string };
}

function failure(name: string, code: string): Error {
  return Object.assign(new Error(`${code}: planted in ${name}`), { code });
}

/** Runs `work` with one planted fault. `calls` is how many watched calls were made. */
export async function withFault(
  fault: Fault,
  work: () => void | Promise<void>,
): Promise<{ calls: string[]; error: NodeJS.ErrnoException | undefined }> {
  const calls: string[] = [];
  const table = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const real = new Map([...SYNC, ...SLICED].map((name) => [name, table[name]!]));

  const planted = (name: string): Error | undefined => {
    if (fault.always && name === fault.always.name) return failure(name, fault.always.code);
    calls.push(name);
    const index = calls.length - 1;
    const isHit = fault.kind === "crash" ? index >= fault.at : index === fault.at;
    return isHit ? failure(name, fault.code) : undefined;
  };

  for (const name of SYNC) {
    table[name] = (...args) => {
      const error = planted(name);
      // A descriptor is closed in any case: a crash closes it too.
      if (!error || name === "closeSync") {
        const result = real.get(name)!(...args);
        if (!error) return result;
      }
      // A disk that fills up takes a part before it says so.
      if (name === "writeSync" && error && fault.kind === "error") {
        const [fd, bytes, offset] = args as [number, Uint8Array, number];
        real.get(name)!(fd, bytes, offset, Math.min(10, bytes.byteLength - offset));
      }
      throw error as Error;
    };
  }
  for (const name of SLICED) {
    table[name] = (...args) => {
      const error = planted(name);
      const done = args.at(-1) as (error: Error) => void;
      if (!error) return real.get(name)!(...args);
      if (name === "close") return real.get(name)!(args[0], () => done(error));
      setImmediate(() => done(error));
      return undefined;
    };
  }

  try {
    await work();
    return { calls, error: undefined };
  } catch (error) {
    return { calls, error: error as NodeJS.ErrnoException };
  } finally {
    for (const [name, original] of real) table[name] = original;
  }
}
