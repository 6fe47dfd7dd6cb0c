import type { ExitName } from "./exit-codes.ts";

/** A verb cannot go on; the message is for people, `code` for programs, `exit` what the process ends with. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exit: ExitName;
  /** Stable; `--json` shows it. */
  readonly code: string;
  /** What to do now, in a sentence; told behind the message. */
  readonly next: string | undefined;

  constructor(exit: ExitName, code: string, message: string, o: { cause?: unknown; next?: string | undefined } = {}) {
    super(message, { cause: o.cause });
    this.exit = exit;
    this.code = code;
    this.next = o.next;
  }
}

/** The command line is wrong. */
export const usageError = (message: string): CliError => new CliError("usage", "usage", message);
