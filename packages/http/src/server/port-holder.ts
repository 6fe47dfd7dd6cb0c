import { execFile } from "node:child_process";
import fs from "node:fs";
import { promisify } from "node:util";

export interface PortHolder {
  readonly pid: number;
  readonly command: string;
}

const COMMAND_CHARS_MAX = 200;
const LISTENING = "0A";
const LSOF_TIMEOUT_MS = 2_000;

/** Who listens on this TCP port, as far as this user may see. Best effort: undefined when it cannot be told. */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  try {
    return process.platform === "linux" ? holderFromProc(port) : await holderFromLsof(port);
  } catch {
    // Only the wording of an error message depends on it.
    return undefined;
  }
}

function holderFromProc(port: number): PortHolder | undefined {
  const links = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningSockets(table, port)));
  if (links.size === 0) return undefined;
  for (const pid of fs.readdirSync("/proc").filter((entry) => /^[0-9]+$/.test(entry))) {
    if (openLinks(pid).some((link) => links.has(link))) {
      return { pid: Number(pid), command: commandOf(`/proc/${pid}/cmdline`) };
    }
  }
  return undefined;
}

/** `socket:[inode]` of everything that listens on the port, by one of the kernel's tables. */
function listeningSockets(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readOrEmpty(table)
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) === true && columns[3] === LISTENING)
    .map((columns) => `socket:[${columns[9] ?? ""}]`);
}

function openLinks(pid: string): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).map((fd) => linkOrEmpty(`/proc/${pid}/fd/${fd}`));
  } catch {
    // Another user's process, or one that has just ended.
    return [];
  }
}

function linkOrEmpty(path: string): string {
  try {
    return fs.readlinkSync(path);
  } catch {
    // Closed between the listing and here.
    return "";
  }
}

function readOrEmpty(path: string): string {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    // IPv6 switched off, or a process that has ended.
    return "";
  }
}

const commandOf = (path: string): string =>
  readOrEmpty(path).split("\0").join(" ").trim().slice(0, COMMAND_CHARS_MAX) || "unknown command";

/** `lsof -F` prints one field a line: `p` the pid, `c` the command. */
async function holderFromLsof(port: number): Promise<PortHolder | undefined> {
  const { stdout } = await promisify(execFile)("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], {
    timeout: LSOF_TIMEOUT_MS,
  });
  const pid = /^p([0-9]+)$/m.exec(stdout)?.[1];
  const command = /^c(.+)$/m.exec(stdout)?.[1];
  return pid === undefined ? undefined : { pid: Number(pid), command: command ?? "unknown command" };
}
