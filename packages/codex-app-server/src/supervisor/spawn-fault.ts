import fs from "node:fs";

/** Faults of the operating system that only a change of configuration mends. */
const CONFIG_CODES: ReadonlySet<string> = new Set([
  "ENOENT",
  "EACCES",
  "ENOEXEC",
  "ENOTDIR",
  "EISDIR",
  "ELOOP",
  "EPERM",
  "E2BIG",
]);

export function isConfigFault(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code !== undefined && CONFIG_CODES.has(code);
}

/** One sentence for the operator. A missing working directory and a missing command both come as ENOENT. */
export function describeSpawnFailure(error: unknown, o: { command: string; cwd: string }): string {
  const message = error instanceof Error ? error.message : String(error);
  if ((error as NodeJS.ErrnoException | null)?.code === "ENOENT" && !fs.existsSync(o.cwd)) {
    return `the working directory of the app-server does not exist: ${o.cwd}`;
  }
  return `the app-server (${o.command}) could not be started: ${message}`;
}
