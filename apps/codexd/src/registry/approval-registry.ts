import { nextApprovalPhase } from "../approvals/approval-machine.ts";
import type { ApprovalRecord, StoredEvent } from "./records.ts";
import { SortedIds } from "./sorted-ids.ts";

/** Resolved approvals are forgotten past this many; the log still has them. */
export const RESOLVED_APPROVALS_MAX = 10_000;

type Requested = Pick<ApprovalRecord, "kind" | "itemId" | "decisions" | "expiresAt">;

/** Approvals and questions, folded from the log and checkpointed to approval-registry.json. */
export class ApprovalRegistry {
  readonly #approvals = new Map<string, ApprovalRecord>();
  readonly #unresolved = new Set<string>();
  readonly ids = new SortedIds();
  appliedSeq = 0;

  get(id: string): ApprovalRecord | undefined {
    return this.#approvals.get(id);
  }

  /** Those not yet resolved, oldest first. */
  unresolved(): ApprovalRecord[] {
    return [...this.#unresolved].map((id) => this.#approvals.get(id) as ApprovalRecord);
  }

  apply(event: StoredEvent): void {
    this.appliedSeq = event.seq;
    if (event.type === "session.deleted" && event.sessionId) return this.#removeSession(event.sessionId);
    if (!event.approvalId) return;
    if (event.type === "approval.requested") this.#request(event, event.approvalId);
    else if (event.type === "approval.decided") this.#move(event, event.approvalId, "decided");
    else if (event.type === "approval.resolved") this.#move(event, event.approvalId, "resolved");
  }

  entries(): ApprovalRecord[] {
    return [...this.#approvals.values()];
  }

  /** As a checkpoint that is written in slices takes it. */
  snapshot(): Iterable<ApprovalRecord> {
    return this.entries();
  }

  load(entries: readonly unknown[], appliedSeq: number): void {
    for (const record of entries as ApprovalRecord[]) this.#put(record);
    this.appliedSeq = appliedSeq;
  }

  #request(event: StoredEvent, id: string): void {
    const { kind, itemId, decisions, expiresAt } = event.data as Requested;
    this.#put({
      id,
      phase: "pending",
      requestedSeq: event.seq,
      kind,
      decisions,
      createdAt: event.at,
      expiresAt,
      ...(itemId === undefined ? {} : { itemId }),
      ...(event.sessionId ? { sessionId: event.sessionId } : {}),
      ...(event.turnId ? { turnId: event.turnId } : {}),
    });
  }

  #move(event: StoredEvent, id: string, trigger: "decided" | "resolved"): void {
    const record = this.#approvals.get(id);
    const phase = record && nextApprovalPhase(record.phase, trigger);
    if (!record || !phase) return;
    const data = event.data as Pick<ApprovalRecord, "decision" | "by" | "note"> & { reason?: string };
    this.#put({
      ...record,
      phase,
      ...(data.decision === undefined ? {} : { decision: data.decision }),
      ...(data.by === undefined ? {} : { by: data.by }),
      ...(data.note === undefined ? {} : { note: data.note }),
      ...(trigger === "resolved" ? { resolvedAt: event.at } : {}),
      ...(data.reason === undefined ? {} : { resolvedReason: data.reason }),
    });
  }

  #put(record: ApprovalRecord): void {
    if (!this.#approvals.has(record.id)) this.ids.add(record.id);
    this.#approvals.set(record.id, record);
    if (record.phase === "resolved") this.#unresolved.delete(record.id);
    else this.#unresolved.add(record.id);
    if (this.#approvals.size - this.#unresolved.size > RESOLVED_APPROVALS_MAX) this.#forgetOldestResolved();
  }

  #forgetOldestResolved(): void {
    for (const record of this.#approvals.values()) {
      if (record.phase !== "resolved") continue;
      this.#approvals.delete(record.id);
      this.ids.remove(record.id);
      return;
    }
  }

  #removeSession(sessionId: string): void {
    for (const record of [...this.#approvals.values()]) {
      if (record.sessionId !== sessionId) continue;
      this.#approvals.delete(record.id);
      this.#unresolved.delete(record.id);
      this.ids.remove(record.id);
    }
  }
}
