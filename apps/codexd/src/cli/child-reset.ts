import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FormerChild, reapFormerChild } from "@baa/codex-app-server";
import { type ChildStatus, CODEXD_ROUTES } from "@baa/contracts";
import { EXIT } from "@baa/process";
import { acquireLock, ensurePrivateDir } from "@baa/storage";
import { recordFileOf } from "../child/link.ts";
import { type Config, readConfig } from "../config.ts";
import { type CliContext, printResult } from "./cli-context.ts";
import { DaemonClient, findDaemon } from "./daemon.ts";

/** How long the next child may take: its stop, its start, and the back-off between. */
const READY_WAIT_MS = 60_000;
const POLL_MS = 100;

/** `codexd child reset`. Exit 0 = a new child is ready, or nothing is left of the former one. */
export const childReset = async (cli: CliContext): Promise<number> => {
  const config = readConfig();
  const found = findDaemon(config);
  if (found.state === "stopped") return reapOfStopped(cli, config);
  const client = new DaemonClient(found.address, config.stateDir);
  const { child: former } = await client.call(CODEXD_ROUTES.resetChild, {
    body: { force: cli.options["force"] === true },
  });
  const child = await nextReady(client, former.generation);
  printResult(cli, { child, former }, [
    `child restarted: generation ${former.generation} -> ${child.generation}, codex ${child.version ?? "unknown"}, pid ${child.pid ?? "unknown"}`,
  ]);
  return EXIT.ok;
};

/** Waits for a ready child of a later generation. Throws with the last state when there is none in time. */
const nextReady = async (client: DaemonClient, after: number): Promise<ChildStatus> => {
  const end = performance.now() + READY_WAIT_MS;
  let last: ChildStatus | undefined;
  while (performance.now() < end) {
    last = (await client.call(CODEXD_ROUTES.status)).child;
    if (last !== undefined && last.state === "ready" && last.generation > after) return last;
    await sleep(POLL_MS);
  }
  const reason = typeof last?.["reason"] === "string" ? `: ${last["reason"]}` : "";
  throw new Error(`no new child is ready after ${READY_WAIT_MS} ms; it is ${last?.state ?? "unknown"}${reason}`);
};

/** The daemon is gone: ends what it left, under its lock, so that no start comes between. */
const reapOfStopped = async (cli: CliContext, config: Config): Promise<number> => {
  ensurePrivateDir(config.stateDir);
  const lock = acquireLock(path.join(config.stateDir, "lock"), { holder: "codexd child reset" });
  try {
    const former = await reapFormerChild(recordFileOf(config));
    printResult(cli, { former }, [`codexd does not run; ${describe(former)}`]);
    return former.record === "damaged" ? EXIT.failed : EXIT.ok;
  } finally {
    lock.release();
  }
};

const describe = (former: FormerChild): string => {
  switch (former.record) {
    case "missing":
      return "no child of it is recorded";
    case "ended":
      return "its last child ended with it";
    case "damaged":
      return `the record of its child is damaged (${former.fault}); nothing is ended that is not surely ours`;
    case "live": {
      const pids = former.killed.map(({ pid, role }) => `${role} ${pid}`);
      return pids.length === 0
        ? `nothing is left of its child of generation ${former.generation}`
        : `what its child of generation ${former.generation} left was ended: ${pids.join(", ")}`;
    }
  }
};
