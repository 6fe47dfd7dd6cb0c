import { EXIT } from "./exit-codes.ts";
import type { Logger } from "./logger.ts";

export interface CrashOptions {
  /** Stops what can still be stopped; bounded by the caller (a lifecycle's stop budget). */
  onCrash: (error: unknown) => Promise<void>;
  exit: (code: number) => void;
  logger: Logger;
}

/**
 * Turns an exception nobody caught, or a rejection nobody handled, into: log, stop in order, exit 1.
 * The service manager starts the daemon again. A second one while stopping exits at once.
 *
 * @returns a function that takes the handlers off again.
 */
export function installCrashHandlers(o: CrashOptions): () => void {
  let isCrashing = false;

  const onError = (error: unknown, origin: string): void => {
    o.logger.fatal({ event: "process.crashed", origin, err: error }, "unexpected error");
    if (isCrashing) {
      o.exit(EXIT.failed);
      return;
    }
    isCrashing = true;
    const leave = (): void => o.exit(EXIT.failed);
    Promise.resolve()
      .then(() => o.onCrash(error))
      .then(leave, leave);
  };
  const onRejection = (reason: unknown): void => onError(reason, "unhandledRejection");

  process.on("uncaughtException", onError);
  process.on("unhandledRejection", onRejection);
  return () => {
    process.off("uncaughtException", onError);
    process.off("unhandledRejection", onRejection);
  };
}
