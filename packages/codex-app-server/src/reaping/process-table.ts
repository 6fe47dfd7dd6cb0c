import { execFile } from "node:child_process";
import fs from "node:fs";
import { promisify } from "node:util";

/** A process with a given start time, so that a reused pid is another process. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque, stable for the life of the process; compared as text only. */
  startTime: string;
}

/** What reaping needs to know about the machine's processes. */
export interface ProcessTable {
  /** Start time of a live process; undefined when there is none (a zombie counts as none). */
  startTime(pid: number): Promise<string | undefined>;
  /** Whether the process was started with exactly `name=value` in its environment; false when that cannot be read. */
  hasEnv(pid: number, name: string, value: string): Promise<boolean>;
  /** Every live process started with exactly `name=value`. */
  findByEnv(name: string, value: string): Promise<ProcessIdentity[]>;
  parent(pid: number): Promise<number | undefined>;
}

/** The table of this platform: /proc on Linux, `ps` elsewhere. */
export function systemProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  return platform === "linux" ? linuxTable : psTable;
}

/** Fields of /proc/<pid>/stat behind the command name, which may itself hold spaces and brackets. */
function readStat(pid: number): { state: string; ppid: number; startTime: string } | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state, ppid] = fields;
    const startTime = fields[19];
    return state === undefined || startTime === undefined ? undefined : { state, ppid: Number(ppid), startTime };
  } catch {
    return undefined;
  }
}

function linuxHasEnv(pid: number, entry: Buffer): boolean {
  try {
    const environ = fs.readFileSync(`/proc/${pid}/environ`);
    for (let at = environ.indexOf(entry); at !== -1; at = environ.indexOf(entry, at + 1)) {
      const end = at + entry.length;
      if ((at === 0 || environ[at - 1] === 0) && (end === environ.length || environ[end] === 0)) return true;
    }
    return false;
  } catch {
    return false;
  }
}

function linuxStartTime(pid: number): string | undefined {
  const stat = readStat(pid);
  return stat === undefined || stat.state === "Z" || stat.state === "X" ? undefined : stat.startTime;
}

const linuxTable: ProcessTable = {
  startTime: async (pid) => linuxStartTime(pid),
  hasEnv: async (pid, name, value) => linuxHasEnv(pid, Buffer.from(`${name}=${value}`)),
  findByEnv: async (name, value) => {
    const entry = Buffer.from(`${name}=${value}`);
    const found: ProcessIdentity[] = [];
    for (const directory of fs.readdirSync("/proc")) {
      const pid = Number(directory);
      if (!Number.isInteger(pid) || !linuxHasEnv(pid, entry)) continue;
      const startTime = linuxStartTime(pid);
      if (startTime !== undefined) found.push({ pid, startTime });
    }
    return found;
  },
  parent: async (pid) => readStat(pid)?.ppid,
};

const runFile = promisify(execFile);

/** Output of `ps`, or nothing when it fails (it exits 1 when no process matches). */
async function ps(args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await runFile("/bin/ps", [...args], { maxBuffer: 64 * 1024 * 1024, env: { LC_ALL: "C" } });
    return stdout;
  } catch {
    return "";
  }
}

/**
 * macOS: `ps -E` appends the environment to the command of processes of the same user. Unverified: nothing here was
 * run on a Mac yet; it is on the Mac checklist.
 */
const psTable: ProcessTable = {
  startTime: async (pid) => {
    const [state, ...lstart] = (await ps(["-o", "stat=,lstart=", "-p", String(pid)])).trim().split(/\s+/);
    return state === undefined || state === "" || state.startsWith("Z") ? undefined : lstart.join(" ");
  },
  hasEnv: async (pid, name, value) =>
    hasWord(await ps(["-E", "-ww", "-o", "command=", "-p", String(pid)]), `${name}=${value}`),
  findByEnv: async (name, value) => {
    const found: ProcessIdentity[] = [];
    for (const line of (await ps(["-A", "-E", "-ww", "-o", "pid=,command="])).split("\n")) {
      const pid = Number.parseInt(line, 10);
      if (!Number.isInteger(pid) || !hasWord(line, `${name}=${value}`)) continue;
      const startTime = await psTable.startTime(pid);
      if (startTime !== undefined) found.push({ pid, startTime });
    }
    return found;
  },
  parent: async (pid) => {
    const ppid = Number.parseInt(await ps(["-o", "ppid=", "-p", String(pid)]), 10);
    return Number.isInteger(ppid) ? ppid : undefined;
  },
};

function hasWord(text: string, word: string): boolean {
  return text.split(/\s+/).includes(word);
}
