import type { FirefoxEventData, FirefoxEventType } from "@baa/contracts";
import type { Outbox } from "../store/outbox.ts";

/** Tells an event of the bridge in conductor's feed. Only inside `Store.write`. */
export type Tell = <T extends FirefoxEventType>(
  type: T,
  data: FirefoxEventData[T] & Readonly<Record<string, unknown>>,
) => void;

export const teller =
  (o: { readonly outbox: Outbox; readonly nowMs: () => number }): Tell =>
  (type, data) =>
    void o.outbox.append({ at: new Date(o.nowMs()).toISOString(), type, data });
