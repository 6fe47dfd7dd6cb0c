import { readEvents, withSnapshot } from "@baa/http";
import type { Outbox } from "../store/outbox.ts";
import type { LogSource } from "./log-source.ts";

/** conductor's own outbox, without what it took over from codexd. */
export const ownSource = (outbox: Outbox): LogSource => {
  const events = withSnapshot(outbox, () => null);
  return {
    name: "conductor",
    page: (query, signal) => readEvents(events, { ...query, waitMs: query.waitMs ?? 0 }, signal),
    lastBefore: async (at) => outbox.lastBefore(at),
    knownEnd: () => ({ logId: outbox.logId, seq: outbox.head() }),
    isOwn: (event) => event.data["codexd"] === undefined,
  };
};
