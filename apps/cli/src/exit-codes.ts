import { EXIT } from "@baa/process";

interface ExitDef {
  readonly code: number;
  /** For `--help` and docs/reference/cli.md. */
  readonly meaning: string;
}

/**
 * Every code that `baa` can end with; the only table of them. From 64 on they mean what `sysexits.h` means, as for all
 * our programs.
 */
export const EXITS = {
  ok: { code: EXIT.ok, meaning: "done; the turn completed; all services are well" },
  failed: { code: EXIT.failed, meaning: "refused, or an unexpected error; the message says what and what next" },
  turnFailed: { code: 2, meaning: "the turn, or the browser's command, failed" },
  turnInterrupted: { code: 3, meaning: "the turn was interrupted, or the browser's command cancelled" },
  turnLost: {
    code: 4,
    meaning: "the turn, or the browser's command, was lost: nobody knows whether it was done, and it is not sent again",
  },
  approvalNeeded: { code: 5, meaning: "the turn waits for a decision; it goes on once you decide" },
  misfit: { code: 6, meaning: "the turn completed, and its answer does not fit the schema" },
  degraded: { code: 10, meaning: "something is not well, and something still serves" },
  usage: { code: EXIT.usage, meaning: "the command line is wrong, or an id is not known or not unique" },
  unavailable: { code: EXIT.unavailable, meaning: "no service answers; what was tried is named" },
  ioError: { code: EXIT.ioError, meaning: "a file could not be read or written" },
  tryLater: { code: EXIT.busy, meaning: "busy, full, draining or not ready now: the same command may work later" },
  denied: { code: 77, meaning: "the token is missing, not known, or lacks the scope; its file is named" },
  config: { code: EXIT.config, meaning: "a setting, or the mode or owner of a file, is wrong" },
  stopped: { code: 130, meaning: "left by Ctrl-C before the end" },
} as const satisfies Readonly<Record<string, ExitDef>>;

export type ExitName = keyof typeof EXITS;

/** The table as lines, for `--help`. */
export const exitLines = (): string[] =>
  Object.values<ExitDef>(EXITS).map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
