import { setImmediate as nextTurn } from "node:timers/promises";
import type { Logger } from "@baa/process";
import type { Outbox } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import type { Deliveries, DueDelivery } from "./deliveries.ts";
import { afterAttempt, type DeliveryStatus, type Outcome, reasonOf } from "./delivery-machine.ts";
import type { HooksFile, HookTarget } from "./hooks-file.ts";
import type { HookSender } from "./sender.ts";

/** Milliseconds: the longest sleep of a lane, and the pause before what could not be written is written again. */
const SLEEP_MS_MAX = 60_000;
const FULL_RETRY_MS = 1_000;

export interface DispatcherOptions {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly deliveries: Deliveries;
  readonly file: HooksFile;
  readonly sender: HookSender;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Told of every attempt (metrics). */
  readonly onAttempt: (hookId: string, state: DeliveryStatus["state"]) => void;
}

/** Sends what waits: one message at a time to each target, so that a dead one holds nobody else up. */
export class HookDispatcher {
  readonly #o: DispatcherOptions;
  readonly #stop = new AbortController();
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #wakers = new Map<string, () => void>();
  /** Lanes that were woken since they last looked. */
  readonly #called = new Set<string>();
  #isRunning = false;

  constructor(o: DispatcherOptions) {
    this.#o = o;
  }

  /** Everything that was left waits no longer. */
  start(): void {
    this.#isRunning = true;
    for (const { id } of this.#o.file.targets()) this.wake(id);
  }

  /** What is being sent now is cut off, and sent again by the next start. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#stop.abort();
    for (const wake of this.#wakers.values()) wake();
    await Promise.all(this.#lanes.values());
    await this.#o.sender.close();
  }

  /** Something waits for this target. */
  wake(hookId: string): void {
    if (!this.#isRunning) return;
    this.#called.add(hookId);
    this.#wakers.get(hookId)?.();
    if (!this.#lanes.has(hookId)) this.#lanes.set(hookId, this.#run(hookId));
  }

  async #run(hookId: string): Promise<void> {
    await nextTurn(); // the lane is known before it can end
    while (this.#isRunning) {
      try {
        this.#called.delete(hookId);
        const sleepMs = await this.#step(hookId);
        // What was queued between the look and here would wait for nobody.
        if (this.#called.has(hookId)) continue;
        if (sleepMs === undefined) break;
        if (sleepMs > 0) await this.#sleep(hookId, sleepMs);
      } catch (err) {
        this.#o.logger.error({ event: "hook.laneFailed", hookId, err }, "a hook could not be served; again soon");
        await this.#sleep(hookId, FULL_RETRY_MS);
      }
    }
    this.#lanes.delete(hookId);
  }

  /** Sends one message that is due. Returns how long to sleep in milliseconds; undefined when nothing waits. */
  async #step(hookId: string): Promise<number | undefined> {
    const { deliveries, file } = this.#o;
    const target = file.targets().find(({ id }) => id === hookId);
    const nextMs = deliveries.nextInMs(hookId);
    if (nextMs === undefined) return undefined;
    // A target that is switched off or gone from the file is looked for again.
    if (target?.enabled !== true) return SLEEP_MS_MAX;
    const due = deliveries.due(hookId);
    if (due === undefined) return Math.min(nextMs, SLEEP_MS_MAX);
    await this.#attempt(target, due);
    return 0;
  }

  async #attempt(target: HookTarget, due: DueDelivery): Promise<void> {
    const { sender, nowMs, random, logger, onAttempt } = this.#o;
    const outcome = await sender.send(target, due, this.#stop.signal);
    if (this.#stop.signal.aborted && outcome.kind === "unanswered") return;
    const after = afterAttempt(due.attempts, outcome, { nowMs: nowMs(), chance: random() });
    await this.#record(target.id, due, { outcome, after });
    onAttempt(target.id, after.state);
    if (after.state === "delivered") return;
    const line = { hookId: target.id, deliveryId: due.id, type: due.type, ...after, reason: reasonOf(outcome) };
    if (after.state === "failed") logger.error({ event: "hook.failed", ...line }, "a message to a hook was given up");
    else logger.debug({ event: "hook.retried", ...line }, "a message to a hook will be sent again");
  }

  /** A full disk holds the lane up: what is not written would be sent again and again. */
  async #record(hookId: string, due: DueDelivery, o: { outcome: Outcome; after: DeliveryStatus }): Promise<void> {
    const { store, deliveries, outbox, nowMs, logger } = this.#o;
    const { id: deliveryId, type } = due;
    while (this.#isRunning) {
      try {
        return store.write(() => {
          deliveries.record(deliveryId, o.outcome, o.after);
          if (o.after.state !== "failed") return;
          const data = { hookId, deliveryId, type, attempts: o.after.attempts };
          outbox.append({ at: new Date(nowMs()).toISOString(), type: "hook.failed", data });
        });
      } catch (err) {
        logger.warn({ event: "hook.recordFailed", err }, "what became of a message could not be written; again soon");
        await this.#sleep(hookId, FULL_RETRY_MS);
      }
    }
  }

  /** Until the time is over, or somebody wakes the lane. */
  #sleep(hookId: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(hookId);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wakers.set(hookId, done);
    });
  }
}
