import * as z from "zod";

/** The five directories of the runtime root, as every daemon reads them. */
export const RUNTIME_DIRS = {
  BAA_STATE_DIR: z.string().optional().describe("Runtime root: state (default: ./state)"),
  BAA_LOGS_DIR: z.string().optional().describe("Runtime root: logs"),
  BAA_RUNS_DIR: z.string().optional().describe("Runtime root: runs"),
  BAA_WORKTREES_DIR: z.string().optional().describe("Runtime root: worktrees"),
  BAA_TMP_DIR: z.string().optional().describe("Runtime root: scratch"),
};
