import type { NewEvent } from "../../src/journal/journal.ts";
import type { Forwarder } from "../../src/turns/forwarder.ts";
import { FakeChild } from "./fake-child.ts";
import { created } from "./records.ts";
import { openTurns } from "./turns.ts";

/** A turn for a session that is free, and one that waits when it is not. */
export const BODY = { input: "hello", ifBusy: "reject" as const };
export const QUEUE = { input: "hello", ifBusy: "queue" as const };

/** The turn service before a forwarder that only notes what it is given, and how far the log was then. */
export const setUp = async (events: readonly NewEvent[] = [created()], turnsMax = 2) => {
  const child = new FakeChild().answer("turn/steer", () => ({ turnId: "ctx_1" }));
  const forwarded: { turnId: string; head: number }[] = [];
  const { turns: service, ...opened } = await openTurns({
    events,
    child,
    turnsMax,
    forwarderOn: ({ log }) =>
      ({
        forward: async (turnId: string) => void forwarded.push({ turnId, head: log.head() }),
        has: (turnId: string) => forwarded.some((one) => one.turnId === turnId),
        queuedInHand: 0,
      }) as unknown as Forwarder,
  });
  return { ...opened, service, forwarded };
};
