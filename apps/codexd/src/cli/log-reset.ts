import path from "node:path";
import { EXIT } from "@baa/process";
import { acquireLock, ensurePrivateDir } from "@baa/storage";
import { readConfig } from "../config.ts";
import { isCheckpointFile } from "../journal/checkpoints.ts";
import { type CliContext, printResult } from "./cli-context.ts";
import { makeAsideDir, moveAside } from "./set-aside.ts";

/** `codexd log reset`: sets the log and all that was derived from it aside; the next start begins anew. Deletes nothing. */
export const logReset = async (cli: CliContext): Promise<number> => {
  const { stateDir, logsDir } = readConfig();
  for (const dir of [stateDir, logsDir]) ensurePrivateDir(dir);
  const lock = acquireLock(path.join(stateDir, "lock"), { holder: "codexd log reset" });
  try {
    const setAside = makeAsideDir(logsDir, new Date());
    const files = [
      ...moveAside(logsDir, setAside, (name) => name.startsWith("events")),
      ...moveAside(stateDir, setAside, isCheckpointFile),
    ];
    printResult(cli, { setAside, files }, [
      `${files.length} files moved to ${setAside}; sessions known until now are no longer listed, Codex still has its threads`,
    ]);
    return EXIT.ok;
  } finally {
    lock.release();
  }
};
