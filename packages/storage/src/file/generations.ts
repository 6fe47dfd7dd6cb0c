import fs from "node:fs";

import { Damage, DamagedFileError, NewerFormat } from "./damaged-file.ts";

export type Generation = "current" | "previous";

export interface Read<T> {
  value: T;
  generation: Generation;
  /** Why the current file was not used; only with generation `previous`. */
  damage?: { file: string; fault: string };
}

type Attempt<T> = { value: T } | { missing: true; fault: string } | { missing: false; fault: string };

const DEFAULT_HELP = "restore it from a backup, or move it away to go on without what it holds";
/** Errors of reading that speak of the file itself; others (EMFILE, EACCES) must not make us use an old generation. */
const UNREADABLE = new Set(["EIO", "EISDIR"]);

/**
 * Reads `path`, or `<path>.prev` when `path` is damaged or missing.
 *
 * @returns undefined when neither exists
 * @throws DamagedFileError when a file exists and neither can be believed, or when one was made by a newer release
 */
export function readGenerations<T>(
  path: string,
  parse: (bytes: Buffer) => T,
  help: string = DEFAULT_HELP,
): Read<T> | undefined {
  const current = attempt(path, parse, help);
  if ("value" in current) return { value: current.value, generation: "current" };

  const previous = attempt(`${path}.prev`, parse, help);
  const damage = { file: path, fault: current.fault };
  if ("value" in previous) return { value: previous.value, generation: "previous", damage };
  if (current.missing && previous.missing) return undefined;
  throw new DamagedFileError({ file: path, fault: `${current.fault}, and of ${path}.prev: ${previous.fault}`, help });
}

function attempt<T>(path: string, parse: (bytes: Buffer) => T, help: string): Attempt<T> {
  try {
    return { value: parse(fs.readFileSync(path)) };
  } catch (error) {
    if (error instanceof Damage) return { missing: false, fault: error.message };
    if (error instanceof NewerFormat)
      throw new DamagedFileError({ file: path, fault: error.message, help, cause: error });
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code === "ENOENT") return { missing: true, fault: "it is missing" };
    if (UNREADABLE.has(code)) return { missing: false, fault: `it cannot be read (${code})` };
    throw error;
  }
}
