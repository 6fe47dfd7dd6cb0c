// A daemon in small: says "ready", stops on a signal, and with "slow" never finishes stopping.
import { createLogger, installCrashHandlers, installSignals } from "../../src/index.ts";

const [behaviour] = process.argv.slice(2);
const logger = createLogger({ name: "signalled" });
const exit = (code: number): void => process.exit(code);
const keepAlive = setInterval(() => {}, 1000);

installSignals({
  logger,
  exit,
  onStop: async () => {
    clearInterval(keepAlive);
    logger.info("stopping");
    if (behaviour === "slow") await new Promise(() => setInterval(() => {}, 1000));
    if (behaviour === "failing") throw new Error("the log would not close");
  },
  onHangup: () => {
    logger.info("hangup");
    if (behaviour === "failing") throw new Error("no reopen");
  },
});
installCrashHandlers({
  logger,
  exit,
  onCrash: async () => {
    logger.info("crash-stop");
    if (behaviour === "crash-slow")
      await new Promise(() =>
        process.nextTick(() => {
          throw new Error("again");
        }),
      );
  },
});
if (behaviour?.startsWith("crash"))
  setImmediate(() => {
    throw new Error("nobody caught this");
  });
if (behaviour === "reject") void Promise.reject(new Error("nobody handled this"));
logger.info("ready");
