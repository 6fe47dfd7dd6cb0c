import * as z from "zod";
import { ApprovalList } from "../codexd/approvals.ts";
import { EventsQuery } from "../codexd/events.ts";
import { SessionList, SessionReply } from "../codexd/sessions.ts";
import { TurnDetailReply, TurnList } from "../codexd/turns.ts";
import { freshness } from "./freshness.ts";

// What codexd said, as conductor passed it on, and how old it is.
export const StatusSessionList = z.lazy(() => z.looseObject({ ...SessionList.unwrap().shape, ...freshness }));
export type StatusSessionList = z.infer<typeof StatusSessionList>;
export const StatusSessionReply = z.lazy(() => z.looseObject({ ...SessionReply.unwrap().shape, ...freshness }));
export type StatusSessionReply = z.infer<typeof StatusSessionReply>;
export const StatusTurnList = z.lazy(() => z.looseObject({ ...TurnList.unwrap().shape, ...freshness }));
export type StatusTurnList = z.infer<typeof StatusTurnList>;
export const StatusTurnReply = z.lazy(() => z.looseObject({ ...TurnDetailReply.unwrap().shape, ...freshness }));
export type StatusTurnReply = z.infer<typeof StatusTurnReply>;
export const StatusApprovalList = z.lazy(() => z.looseObject({ ...ApprovalList.unwrap().shape, ...freshness }));
export type StatusApprovalList = z.infer<typeof StatusApprovalList>;

/** Whose events: codexd's log as conductor passes it on, or conductor's own feed. */
export const EVENT_SOURCES = ["codex", "conductor"] as const;
export const StatusEventsQuery = z.strictObject({
  ...EventsQuery.shape,
  source: z.enum(EVENT_SOURCES).default("codex"),
});
export type StatusEventsQuery = z.infer<typeof StatusEventsQuery>;
