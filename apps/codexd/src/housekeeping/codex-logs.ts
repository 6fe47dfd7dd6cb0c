import { execFile } from "node:child_process";
import fs from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

/** Codex's own log (0.169.0): a SQLite database in its home, with its journal and index beside it. */
const LOGS = "logs_2.sqlite";
/** The journal first: should we be cut in between, the database stands alone and whole, as of its last checkpoint. */
const SUFFIXES = ["-wal", "-shm", ""];

export type RotateOutcome =
  | { readonly kind: "small"; readonly bytes: number }
  /** Another process has it open, so it is left alone. */
  | { readonly kind: "held"; readonly bytes: number; readonly pids: readonly number[] }
  | { readonly kind: "rotated"; readonly bytes: number; readonly to: string };

export interface RotateOptions {
  readonly codexHome: string;
  readonly maxBytes: number;
  /** Who has one of these files open; the system is asked by default. */
  readonly holders?: (files: readonly string[]) => Promise<number[]>;
}

/**
 * Sets Codex's own log aside when it is over the limit; the former one set aside is removed. Codex makes a new one.
 * Only while no app-server of ours lives: a database must not be moved under who writes it. Throws the file system's
 * error.
 */
export const rotateCodexLogs = async (o: RotateOptions): Promise<RotateOutcome> => {
  const file = path.join(o.codexHome, LOGS);
  const former = `${file}.former`;
  const sizes = await Promise.all(SUFFIXES.map((suffix) => sizeOf(file + suffix)));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes <= o.maxBytes) return { kind: "small", bytes };
  const pids = await (o.holders ?? holdersOf)(SUFFIXES.map((suffix) => file + suffix));
  if (pids.length > 0) return { kind: "held", bytes, pids };
  for (const suffix of SUFFIXES) await fs.rm(former + suffix, { force: true });
  for (const suffix of SUFFIXES) await renameIfThere(file + suffix, former + suffix);
  return { kind: "rotated", bytes, to: former };
};

const sizeOf = async (file: string): Promise<number> => {
  try {
    return (await fs.lstat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
};

const renameIfThere = async (from: string, to: string): Promise<void> => {
  try {
    await fs.rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
};

/** Processes that have one of the files open, as far as this user may know. */
export const holdersOf = (files: readonly string[], platform: NodeJS.Platform = process.platform): Promise<number[]> =>
  platform === "linux" ? holdersByProc(files) : holdersByLsof(files);

const holdersByProc = async (files: readonly string[]): Promise<number[]> => {
  const real = new Set(await Promise.all(files.map((file) => fs.realpath(file).catch(() => file))));
  const pids = (await fs.readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const held = await Promise.all(pids.map((pid) => hasOpen(`/proc/${pid}/fd`, real)));
  return pids.filter((_pid, index) => held[index]).map(Number);
};

const hasOpen = async (dir: string, files: ReadonlySet<string>): Promise<boolean> => {
  try {
    for (const fd of await fs.readdir(dir)) {
      if (files.has(await fs.readlink(path.join(dir, fd)).catch(() => ""))) return true; // it was closed just now
    }
  } catch {
    // The process ended, or belongs to another user.
  }
  return false;
};

const runFile = promisify(execFile);

/** macOS. Unverified: nothing here was run on a Mac yet; it is on the Mac checklist. */
const holdersByLsof = async (files: readonly string[]): Promise<number[]> => {
  try {
    const { stdout } = await runFile("/usr/sbin/lsof", ["-t", "--", ...files], { env: { LC_ALL: "C" } });
    return stdout.split("\n").filter(Boolean).map(Number);
  } catch (error) {
    // It exits 1 when nobody has them open, and prints who does even when one of the files is not there.
    const { code, stdout } = error as { code?: unknown; stdout?: string };
    if (code === 1) return (stdout ?? "").split("\n").filter(Boolean).map(Number);
    throw error;
  }
};
