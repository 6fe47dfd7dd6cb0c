import { EXIT } from "./exit-codes.ts";
import type { Logger } from "./logger.ts";

export interface SignalOptions {
  /** Stops the daemon; its end decides the exit code: 0 when it resolves, 1 when it rejects. */
  onStop: (signal: string) => Promise<void>;
  /** SIGHUP: open log files again. Left out, SIGHUP keeps its default, which ends the process. */
  onHangup?: () => void;
  /** Usually `process.exit`; an input, because only `index.ts` may exit. */
  exit: (code: number) => void;
  logger: Logger;
}

/**
 * Installs the one signal handler of a daemon. The first SIGTERM or SIGINT stops it, the second one forces exit 1.
 *
 * @returns a function that takes the handlers off again.
 */
export function installSignals(o: SignalOptions): () => void {
  let isStopping = false;

  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) {
      o.logger.error({ event: "signal.forced", signal }, "second signal: leaving now");
      o.exit(EXIT.failed);
      return;
    }
    isStopping = true;
    o.logger.info({ event: "signal.received", signal }, "asked to stop");
    Promise.resolve()
      .then(() => o.onStop(signal))
      .then(
        () => o.exit(EXIT.ok),
        (error: unknown) => {
          o.logger.error({ event: "signal.stopFailed", signal, err: error }, "did not stop well");
          o.exit(EXIT.failed);
        },
      );
  };

  const onHangup = (): void => {
    try {
      o.onHangup?.();
    } catch (error) {
      o.logger.error({ event: "signal.hangupFailed", err: error }, "SIGHUP was not handled");
    }
  };

  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  if (o.onHangup) process.on("SIGHUP", onHangup);
  return () => {
    process.off("SIGTERM", onSignal);
    process.off("SIGINT", onSignal);
    process.off("SIGHUP", onHangup);
  };
}
