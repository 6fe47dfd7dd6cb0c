import type { EventSource } from "@baa/http";
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
