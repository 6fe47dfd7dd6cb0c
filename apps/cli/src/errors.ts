import type { ExitName } from "./exit-codes.ts";

/** A verb cannot go on; the message is for people, `code` for programs, `exit` what the process ends with. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exit: ExitName;
  /** Stable; `--json` shows it. */
  readonly code: string;

  constructor(exit: ExitName, code: string, message: string, o: { cause?: unknown } = {}) {
    super(message, o);
    this.exit = exit;
    this.code = code;
  }
}

/** The command line is wrong. */
export const usageError = (message: string): CliError => new CliError("usage", "usage", message);
