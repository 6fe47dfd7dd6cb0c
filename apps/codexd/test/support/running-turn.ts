import type { TurnRecord } from "../../src/registry/records.ts";
import { AT } from "./journal.ts";

/** A turn of a client, running and without an item. */
export const RUNNING_TURN: TurnRecord = {
  id: "turn_1",
  sessionId: "ses_1",
  state: "running",
  origin: "client",
  createdAt: AT,
  acceptedSeq: 1,
  openItems: [],
  pendingApprovals: 0,
};
