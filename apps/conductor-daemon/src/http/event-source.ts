import type { EventSource } from "@baa/http";
import type { ReadLimit } from "@baa/storage";
import type { Core } from "../core.ts";

/** The outbox as the feed reads it. Nobody reads before there is one: such requests are not admitted. */
export const eventSource = (core: () => Core | undefined): EventSource => ({
  get logId() {
    return core()?.outbox.logId ?? "none";
  },
  oldest: () => core()?.outbox.oldest() ?? 1,
  head: () => core()?.outbox.head() ?? 0,
  read: (after, limit) => core()?.outbox.read(after, limit) ?? { frames: [], lastSeq: after },
  onAppend: (listener) => core()?.outbox.onAppend(listener) ?? (() => {}),
  snapshot: () => snapshotOf(core()),
});

/** The events of the Firefox bridge alone, under the numbers and the id of the whole outbox. */
export const firefoxEventSource = (core: () => Core | undefined): EventSource => {
  const all = eventSource(core);
  return {
    get logId() {
      return all.logId;
    },
    oldest: () => all.oldest(),
    head: () => all.head(),
    read: (after, limit) => all.read(after, { ...limit, match: matchFirefox(limit.match) }),
    onAppend: (listener) => all.onAppend(listener),
    snapshot: () => ({ asOfSeq: all.head() }),
  };
};

const matchFirefox =
  (more: ReadLimit["match"]): NonNullable<ReadLimit["match"]> =>
  (head) =>
    head.type.startsWith("firefox.") && (more === undefined || more(head));

/** What a reader without a usable cursor must know. */
const snapshotOf = (core: Core | undefined): unknown => {
  if (!core) return { asOfSeq: 0 };
  return {
    asOfSeq: core.outbox.head(),
    control: core.control.view(),
    openTurns: core.openWork.turns(),
    pendingApprovals: core.openWork.approvals(),
  };
};
