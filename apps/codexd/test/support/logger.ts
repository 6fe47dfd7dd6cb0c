import type { Logger } from "@baa/process";

export interface LoggedLine {
  readonly level: string;
  readonly event: unknown;
}

/** A logger that keeps what it is told. */
export const fakeLogger = (): { logger: Logger; lines: LoggedLine[] } => {
  const lines: LoggedLine[] = [];
  const write = (level: string) => (fields: { event?: unknown }) => void lines.push({ level, event: fields.event });
  const logger = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    fatal: write("fatal"),
  };
  return { logger: logger as unknown as Logger, lines };
};
