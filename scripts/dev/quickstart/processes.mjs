import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const STOP_GRACE_MS = 20_000;

/** The command line of a process, or "" when there is none. `ps` is on Linux and macOS alike. */
export const commandOf = (pid) =>
  spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout?.trim() ?? "";

/**
 * Starts one of our programs with its output in `logFile`, in its own process group: Ctrl-C in the terminal
 * must reach it once, through `stop`, and in our order.
 */
export const startProcess = ({ name, args, env, logFile, onLine }) => {
  const log = fs.openSync(logFile, "w", 0o600);
  const stdio = ["ignore", onLine === undefined ? log : "pipe", log];
  const child = spawn(process.execPath, args, { env, stdio, detached: true });
  fs.closeSync(log);
  child.stdout?.setEncoding("utf8").on("data", onLine);
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, reason: error.message }));
    child.once("exit", (code, signal) => resolve({ code, reason: signal ?? `exit code ${code}` }));
  });
  const handle = { name, pid: child.pid, command: args[0], logFile, ended, hasEnded: false };
  void ended.then(() => (handle.hasEnded = true));
  return handle;
};

/** SIGTERM, and SIGKILL when that did not help in time. Only ever for a process started here. */
export const stopProcess = async (handle) => {
  if (handle.hasEnded) return;
  process.kill(handle.pid, "SIGTERM");
  const timer = new AbortController();
  const late = sleep(STOP_GRACE_MS, "late", { signal: timer.signal }).catch(() => "ended");
  if ((await Promise.race([handle.ended, late])) === "late") process.kill(handle.pid, "SIGKILL");
  timer.abort();
  await handle.ended;
};

/** The last lines of a process's output, for a failure. */
export const lastLines = ({ logFile }, count = 20) =>
  fs.readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-count).join("\n");
