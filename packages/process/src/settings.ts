import os from "node:os";
import * as z from "zod";

/** The five directories of the runtime root, as the daemons behind codexd read them. */
export const RUNTIME_DIRS = {
  BAA_STATE_DIR: z.string().optional().describe("Runtime root: state (default: ./state)"),
  BAA_LOGS_DIR: z.string().optional().describe("Runtime root: logs"),
  BAA_RUNS_DIR: z.string().optional().describe("Runtime root: runs"),
  BAA_WORKTREES_DIR: z.string().optional().describe("Runtime root: worktrees"),
  BAA_TMP_DIR: z.string().optional().describe("Runtime root: scratch"),
};

/** `BAA_…_LOG_LEVEL` of a daemon. */
export const logLevel = z
  .enum(["debug", "info", "warn", "error"])
  .default("info")
  .describe("Least level that is logged");

/** `HOME` of a daemon. */
export const serviceHome = z
  .string()
  .default(() => os.homedir())
  .describe("Home of the service's user");

/** `BAA_CODEXD_EVENT_STREAM_PATH`, for codexd and for those who ask it. */
export const codexdEventStreamPath = z
  .string()
  .regex(/^\/[\w./-]*$/)
  .default("/v1/codexd/events")
  .describe("Path of codexd's WebSocket event stream");
