import fs from "node:fs";

/** One call of a function that changes files. */
export interface FsOp {
  name: (typeof NAMES)[number];
  /** How many such calls came before it. */
  index: number;
  args: unknown[];
  /** Does it. For `fdatasync` and `fsync` the callback is called by the real one. */
  run: (...args: unknown[]) => unknown;
}

const NAMES = [
  "openSync",
  "closeSync",
  "writeSync",
  "writeFileSync",
  "ftruncateSync",
  "fsyncSync",
  "fdatasync",
  "fsync",
  "renameSync",
  "rmSync",
  "mkdirSync",
] as const;

/**
 * Wraps the functions of node:fs that the log writes with; returns the function that unwraps them. An error thrown by
 * `hook` reaches the caller, or the callback of an asynchronous call.
 */
export function interceptFs(hook: (op: FsOp) => unknown): () => void {
  const originals = Object.fromEntries(NAMES.map((name) => [name, fs[name]])) as Record<
    string,
    (...a: unknown[]) => unknown
  >;
  let index = 0;
  for (const name of NAMES) {
    const run = originals[name]!;
    const wrapped = (...args: unknown[]): unknown => {
      const op: FsOp = { name, index, args, run };
      index += 1;
      if (name !== "fdatasync" && name !== "fsync") return hook(op);
      try {
        return hook(op);
      } catch (error) {
        const done = args.at(-1) as (error: unknown) => void;
        setImmediate(() => done(error));
        return undefined;
      }
    };
    Object.assign(fs, { [name]: wrapped });
  }
  return () => void Object.assign(fs, originals);
}

/** An error as the operating system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}
