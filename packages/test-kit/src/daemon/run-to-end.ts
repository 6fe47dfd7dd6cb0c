import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** How a command ended, and what it said. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program for node to its end. */
export const runToEnd = (
  args: readonly string[],
  o: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<CliResult> => resultOf(spawn(process.execPath, args, { ...o, stdio: ["ignore", "pipe", "pipe"] }));

/** What a process that was just spawned comes to. */
export async function resultOf(child: ChildProcess): Promise<CliResult> {
  const said = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said };
}
