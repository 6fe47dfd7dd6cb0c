import * as z from "zod";

/** Prefixes of every id we mint; each is followed by 32 hex digits (a UUIDv7 without dashes). */
export const ID_PREFIXES = {
  session: "ses_",
  turn: "turn_",
  codexRun: "crun_",
  approval: "apr_",
  file: "file_",
  task: "task_",
  run: "run_",
  step: "step_",
  command: "cmd_",
  delivery: "dlv_",
  firefoxClient: "ffx_",
  pairing: "pair_",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

const idSchema = (kind: IdKind) =>
  z.string().regex(new RegExp(`^${ID_PREFIXES[kind]}[0-9a-f]{32}$`), {
    error: `must be ${ID_PREFIXES[kind]} and 32 hex digits`,
  });

export const SessionId = idSchema("session");
export const TurnId = idSchema("turn");
export const CodexRunId = idSchema("codexRun");
export const FileId = idSchema("file");
export const ApprovalId = idSchema("approval");

/** Ids that the child makes: opaque to us, but bounded so that they are safe in paths and logs. */
export const ForeignId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** RFC 3339 UTC with milliseconds, as every `at` and `...At` is written. */
export const Timestamp = z.string();
