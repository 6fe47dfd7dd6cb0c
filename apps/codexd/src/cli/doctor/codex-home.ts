import fs from "node:fs";
import path from "node:path";
import { readRecord } from "@baa/codex-app-server";
import { fail, type Finding, ok, warn } from "@baa/process";
import { recordFileOf } from "../../child/link.ts";
import type { Config } from "../../config.ts";
import { holdersOf } from "../../housekeeping/codex-logs.ts";
import { measureHome } from "../../housekeeping/home-usage.ts";
import { commandOf, findAppServers } from "./processes.ts";

const GIB = 1024 ** 3;
/** Histories above this make Codex slow to list them. */
const SESSIONS_BYTES_MAX = 20 * GIB;
/** Lock files looked at; a home may keep one for every thread it ever had. */
const LOCKS_MAX = 5_000;

/** Codex's own directory: there, writable, of a size that is good, and who else works in it. */
export const checkCodexHome = async (config: Config): Promise<Finding[]> => {
  const { codexHome } = config;
  const there = presence(codexHome);
  if (there.status === "fail") return [there];
  return [there, ...(await sizes(config)), await others(config)];
};

const presence = (home: string): Finding => {
  const check = "CODEX_HOME";
  if (!fs.existsSync(home))
    return fail(check, `${home} does not exist, and Codex does not make it`, `mkdir -m 700 ${home}, or set CODEX_HOME`);
  try {
    if (!fs.statSync(home).isDirectory())
      return fail(check, `${home} is not a directory`, "set CODEX_HOME to the directory of Codex");
    fs.accessSync(home, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
    return ok(check, `${home} is there and writable`);
  } catch (error) {
    return fail(
      check,
      `${home} is not writable (${(error as NodeJS.ErrnoException).code})`,
      "give it to the service's user",
    );
  }
};

const sizes = async ({ codexHome, codexLogsMaxBytes }: Config): Promise<Finding[]> => {
  const usage = await measureHome(codexHome, new AbortController().signal);
  const log = sizeOf(path.join(codexHome, "logs_2.sqlite"));
  const wal = sizeOf(path.join(codexHome, "logs_2.sqlite-wal"));
  const details = { bytes: log, walBytes: wal, maxBytes: codexLogsMaxBytes };
  const text = `logs_2.sqlite is ${size(log)}, its WAL ${size(wal)}`;
  const logs =
    log + wal > codexLogsMaxBytes
      ? warn(
          "codex logs",
          `${text}: over ${size(codexLogsMaxBytes)}, and a large one makes Codex slow to start`,
          "run `codexd child reset` when no turn is in progress: it is set aside before the next child starts",
          details,
        )
      : ok("codex logs", text, details);
  const rollouts = `the histories of threads take ${size(usage.sessions)}, everything else ${size(usage.other)}`;
  const histories =
    usage.sessions > SESSIONS_BYTES_MAX
      ? warn("rollouts", rollouts, "archive or delete sessions that are no longer needed", { ...usage })
      : ok("rollouts", rollouts, { ...usage });
  return [logs, histories];
};

/** App-servers that are not our child and work in the same home: their threads take no turns of ours. */
const others = async (config: Config): Promise<Finding> => {
  const check = "other app-servers";
  const ours = childPid(config);
  const held = await heldThreads(config.codexHome, ours);
  const servers = (await findAppServers(config.codexHome)).filter(({ pid }) => pid !== ours);
  const details = { threads: held, processes: servers };
  if (held.length > 0) {
    const who = held.map(
      ({ threadId, pids }) => `${threadId} by ${pids.map((pid) => `${pid} (${commandOf(pid)})`).join(", ")}`,
    );
    return warn(
      check,
      `${held.length} threads are held by another process: ${who.slice(0, 5).join("; ")}`,
      "end that process before a session of codexd is to use such a thread (`already has an active writer`)",
      details,
    );
  }
  if (servers.length > 0) {
    const who = servers.map(({ pid, command }) => `${pid} (${command})`);
    return warn(
      check,
      `another app-server works in ${config.codexHome}: ${who.slice(0, 5).join("; ")}`,
      "let only one process work in a CODEX_HOME; end it, or give it a home of its own",
      details,
    );
  }
  return ok(check, "nobody else works in this CODEX_HOME");
};

/** Threads with a writer lock that a process other than our child has open. */
const heldThreads = async (home: string, ours: number | undefined): Promise<{ threadId: string; pids: number[] }[]> => {
  const dir = path.join(home, "thread-writer-locks");
  const names = fs.existsSync(dir) ? fs.readdirSync(dir).filter((name) => name.endsWith(".lock")) : [];
  const files = names.slice(0, LOCKS_MAX).map((name) => path.join(dir, name));
  if (files.length === 0) return [];
  const anybody = (await holdersOf(files)).filter((pid) => pid !== ours);
  if (anybody.length === 0) return [];
  const held: { threadId: string; pids: number[] }[] = [];
  for (const file of files) {
    const pids = (await holdersOf([file])).filter((pid) => pid !== ours);
    if (pids.length > 0) held.push({ threadId: path.basename(file, ".lock"), pids });
  }
  return held;
};

/** The child that codexd recorded as its own, if it has one. */
const childPid = (config: Config): number | undefined => {
  const read = readRecord(recordFileOf(config));
  return "record" in read && read.record.live ? read.record.child?.pid : undefined;
};

const sizeOf = (file: string): number => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;

const size = (bytes: number): string =>
  bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${Math.ceil(bytes / 1024 ** 2)} MiB`;
