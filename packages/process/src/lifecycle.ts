import { type Clock, systemClock } from "./clock.ts";
import type { Logger } from "./logger.ts";

/** A part of a daemon that is started and stopped: a listener, a child, a file. */
export interface Component {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Lifecycle {
  /** Starts every component in order. Every call returns the same promise. */
  start(): Promise<void>;
  /** Stops every started component in reverse order. Every call returns the same promise. */
  stop(reason: string): Promise<void>;
}

export interface LifecycleOptions {
  /** In the order of dependence: what comes later may use what comes earlier. */
  components: readonly Component[];
  logger: Logger;
  /** Milliseconds for all stops together; keep it below the service manager's own limit. */
  stopBudgetMs: number;
  clock?: Clock;
}

/**
 * Runs the components of one daemon.
 *
 * `start` stops what it had started when one fails, then rethrows that failure. A `stop` during `start` lets the
 * component at hand finish, starts no further one, and then stops; `start` resolves in that case, since nothing failed.
 * `stop` tries everything: a component that throws or overruns what is left of the budget does not keep the others from
 * being told, and all failures come out as one AggregateError.
 */
export function createLifecycle(o: LifecycleOptions): Lifecycle {
  const clock = o.clock ?? systemClock;
  const started: Component[] = [];
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  const startAll = async (): Promise<void> => {
    for (const component of o.components) {
      if (stopping) return;
      try {
        await component.start();
      } catch (error) {
        o.logger.error({ event: "component.startFailed", component: component.name, err: error }, "start failed");
        // A stop that came in meanwhile waits for us and then does this itself.
        if (!stopping) await stopStarted().catch((stopError: unknown) => logStopFailure(o.logger, stopError));
        throw error;
      }
      started.push(component);
    }
  };

  const stopStarted = async (): Promise<void> => {
    const deadlineMs = clock.monoMs() + o.stopBudgetMs;
    const failures: unknown[] = [];
    for (let component = started.pop(); component; component = started.pop()) {
      try {
        await stopWithin(component, Math.max(0, deadlineMs - clock.monoMs()), clock);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of the parts did not stop well`);
  };

  const stopAll = async (reason: string): Promise<void> => {
    o.logger.info({ event: "lifecycle.stopping", reason }, "stopping");
    await starting?.catch(ignore);
    await stopStarted();
    o.logger.info({ event: "lifecycle.stopped", reason }, "stopped");
  };

  return {
    start: () => (starting ??= stopping ? Promise.resolve() : startAll()),
    stop: (reason) => (stopping ??= stopAll(reason)),
  };
}

async function stopWithin(component: Component, budgetMs: number, clock: Clock): Promise<void> {
  const stopped = Promise.resolve().then(() => component.stop());
  const timer = new AbortController();
  const overrun = clock.sleep(budgetMs, timer.signal).then(
    () => {
      throw new Error(`${component.name} did not stop in the time that was left (${Math.round(budgetMs)} ms)`);
    },
    ignore, // aborted: it stopped in time
  );
  try {
    await Promise.race([stopped.catch(nameFailure(component.name)), overrun]);
  } finally {
    timer.abort();
  }
}

function nameFailure(name: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`${name} failed to stop: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  };
}

function logStopFailure(logger: Logger, error: unknown): void {
  logger.error({ event: "lifecycle.stopFailed", err: error }, "not everything stopped after the failed start");
}

function ignore(): void {
  // the failure is reported where it belongs
}
