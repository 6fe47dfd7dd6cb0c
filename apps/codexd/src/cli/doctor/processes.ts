import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

const COMMAND_CHARS_MAX = 120;
const runFile = promisify(execFile);

/** Processes of this user that run `codex app-server` on this CODEX_HOME, as far as the system tells. */
export const findAppServers = (
  codexHome: string,
  platform: NodeJS.Platform = process.platform,
): Promise<FoundProcess[]> => (platform === "linux" ? fromProc(codexHome) : fromPs(codexHome));

/** The command line of a process, cut; empty when it is gone or not ours to see. */
export const commandOf = (pid: number): string =>
  readOrEmpty(`/proc/${pid}/cmdline`).split("\0").join(" ").trim().slice(0, COMMAND_CHARS_MAX);

const fromProc = async (codexHome: string): Promise<FoundProcess[]> => {
  const pids = fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.flatMap((pid) => {
    const words = readOrEmpty(`/proc/${pid}/cmdline`).split("\0");
    if (pid === process.pid || !isAppServer(words)) return [];
    const env = readOrEmpty(`/proc/${pid}/environ`).split("\0");
    return homeOf(env) === codexHome ? [{ pid, command: commandOf(pid) }] : [];
  });
};

const isAppServer = (words: readonly string[]): boolean =>
  words.includes("app-server") && words.some((word) => /^codex(\.js)?$/.test(path.basename(word)));

const homeOf = (env: readonly string[]): string | undefined => {
  const valueOf = (name: string): string | undefined =>
    env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const home = valueOf("HOME");
  return valueOf("CODEX_HOME") ?? (home === undefined ? undefined : path.join(home, ".codex"));
};

/** macOS. Unverified: nothing here was run on a Mac yet; it is on the Mac checklist. */
const fromPs = async (codexHome: string): Promise<FoundProcess[]> => {
  const { stdout } = await runFile("/bin/ps", ["-axEww", "-o", "pid=,command="], {
    env: { LC_ALL: "C" },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, rest] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || rest === undefined) return [];
    const words = rest.split(" ");
    return isAppServer(words) && homeOf(words) === codexHome
      ? [{ pid: Number(pid), command: rest.slice(0, COMMAND_CHARS_MAX) }]
      : [];
  });
};

const readOrEmpty = (file: string): string => {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    // It has ended, or belongs to another user.
    return "";
  }
};
