import type { LogGap } from "@baa/storage";
import type { TurnRecord } from "../../registry/records.ts";

/**
 * Turns that the registries hold for accepted and that must not be forwarded by the next start: an event that is lost
 * may have said that they were, or the event with their input does not stay in the log. Pure.
 */
export const uncertainTurns = (
  open: readonly TurnRecord[],
  o: { holes: readonly LogGap[]; keptFrom: number; keptTo: number },
): TurnRecord[] =>
  open.filter(({ state, acceptedSeq }) => {
    if (state !== "accepted") return false;
    const isCut = acceptedSeq < o.keptFrom || acceptedSeq > o.keptTo;
    return isCut || o.holes.some(({ to }) => to > acceptedSeq);
  });
