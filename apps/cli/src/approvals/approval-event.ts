import { Approval, type FeedEvent } from "@baa/contracts";

/** What an `approval.requested` event asks; undefined for one in words that are not known. */
export const approvalOf = (event: FeedEvent): Approval | undefined => {
  const { approvalId: id, at: createdAt, sessionId, turnId } = event;
  return Approval.safeParse({ ...event.data, id, sessionId, turnId, state: "pending", createdAt }).data;
};
