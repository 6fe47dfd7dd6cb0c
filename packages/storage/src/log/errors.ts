const HELP =
  "run `codexd log verify` to see all that is damaged; with codexd stopped, `codexd log salvage` goes on with what can be read, and `codexd log reset` begins a new log";

/** A file of the log is not what was written; nothing was changed. */
export class LogDamagedError extends Error {
  override readonly name = "LogDamagedError";
  readonly code = "log_damaged";
  readonly file: string;
  /** Offset in bytes of the first line that cannot be trusted. */
  readonly offset: number;
  readonly fault: string;
  readonly help: string;

  constructor(o: { file: string; offset: number; fault: string; help?: string }) {
    const help = o.help ?? HELP;
    super(`${o.file} is damaged at byte ${o.offset}: ${o.fault}; ${help}`);
    this.file = o.file;
    this.offset = o.offset;
    this.fault = o.fault;
    this.help = help;
  }
}

/** The disk (or quota, or file size limit) is full. Nothing of the batch was kept; the log retries by itself. */
export class StorageFullError extends Error {
  override readonly name = "StorageFullError";
  readonly code = "storage_full";

  constructor(file: string, cause?: unknown) {
    super(`no space left for ${file}; writing goes on by itself when there is room again`, { cause });
  }
}

/** The log was closed, or gave up after a write or fsync error (then `cause` says which). */
export class LogClosedError extends Error {
  override readonly name = "LogClosedError";
  readonly code = "log_closed";

  constructor(cause?: unknown) {
    super("the event log is closed", cause === undefined ? {} : { cause });
  }
}

const FULL_CODES = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** True for the errors that mean "no room", from which the log recovers without a restart. */
export function isFullError(error: unknown): boolean {
  return error instanceof Error && FULL_CODES.has((error as NodeJS.ErrnoException).code ?? "");
}

export function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
