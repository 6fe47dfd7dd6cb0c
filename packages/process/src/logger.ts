import { pino } from "pino";

import { REDACTED, redactLine } from "./redact.ts";

export type Logger = pino.Logger;

/** A logger whose file can be opened again after it was renamed; its children share the file. */
export type ProcessLogger = pino.Logger & { reopen(): void };

export interface LoggerOptions {
  /** The daemon's name, on every line. */
  name: string;
  /** pino's level names, or `silent`. Default `info`. */
  level?: string;
  /** A file to append to (made 0600). Default: standard output, which launchd and systemd keep. */
  destination?: string;
  /** The secret values of this moment; asked for every line, so that a new token is hidden as soon as it is known. */
  secrets?: () => readonly string[];
  /** Called after every line with its length. */
  onPrinted?: (bytes: number) => void;
}

const BUFFERED_BYTES_MAX = 4 * 1024 * 1024;
const SECRET_PATHS = ["token", "secret", "password", "authorization", "cookie", "apiKey"];

/**
 * A pino logger that writes each line before it returns (measured: no line is lost to a kill -9), with ISO time.
 *
 * Secrets are taken out here and not at the call: values under the keys authorization, token, secret, password, cookie
 * and API key, bearer credentials, and every literal value that `secrets()` names.
 * A full disk never ends the daemon: up to 4 MiB of lines wait for space, further ones are dropped.
 */
export function createLogger(o: LoggerOptions): ProcessLogger {
  const file = pino.destination({
    dest: o.destination ?? 1,
    sync: true,
    mode: 0o600,
    maxLength: BUFFERED_BYTES_MAX,
  } as Parameters<typeof pino.destination>[0] & object);
  // pino forwards every error but EPIPE to listeners and throws when there is none. Losing log lines is the lesser evil.
  file.on("error", ignoreWriteError);

  const secrets = rememberLast(o.secrets);
  const logger = pino(
    {
      name: o.name,
      level: o.level ?? "info",
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRET_PATHS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: REDACTED },
    },
    {
      write: (line: string): void => {
        const text = redactLine(line, secrets());
        file.write(text);
        o.onPrinted?.(text.length);
      },
    },
  );
  return Object.assign(logger, {
    reopen: (): void => {
      if (o.destination !== undefined) reopen(file, logger);
    },
  });
}

function ignoreWriteError(): void {
  // The line stays in the destination's buffer and is tried again with the next one.
}

function reopen(file: { reopen(): void }, logger: Logger): void {
  try {
    file.reopen();
  } catch (error) {
    // The old descriptor stays in use, so this line has somewhere to go.
    logger.error({ err: error, event: "log.reopenFailed" }, "the log file could not be opened again");
  }
}

/** A reader of secrets that fails (its file is being replaced) must neither stop the log nor uncover the last secrets. */
function rememberLast(read: (() => readonly string[]) | undefined): () => readonly string[] {
  let last: readonly string[] = [];
  return () => {
    try {
      last = read?.() ?? last;
    } catch {
      // keep the last known values
    }
    return last;
  };
}
