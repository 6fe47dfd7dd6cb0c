import type { Approval, DecideApproval } from "@baa/contracts";
import { isTerminalTurnState } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { Logger } from "@baa/process";
import { describeRequest, responseTo } from "../child/approval-requests.ts";
import type { ChildRequest } from "../child/codex-child.ts";
import type { ReplyMark } from "../idempotency.ts";
import type { Journal, NewEvent } from "../journal/journal.ts";
import type { ApprovalRecord } from "../registry/records.ts";
import { pageOf, type Page } from "../registry/sorted-ids.ts";

/** The child that asked, and how to answer it. */
interface Waiting {
  readonly request: ChildRequest;
  readonly kind: Approval["kind"];
}

export interface ApprovalServiceOptions {
  readonly journal: Journal;
  readonly logger: Logger;
  readonly ttlMs: number;
  readonly execpolicyAmendments: boolean;
  readonly newId: () => string;
  readonly nowMs: () => number;
  readonly redact: <T>(value: T) => T;
  /** Answers the child that asked; false when it is gone. */
  readonly respond: (id: ChildRequest["id"], generation: number, result: unknown) => boolean;
  /** The patch of a file-change item that has begun. */
  readonly changesOf: (itemId: string) => unknown;
  /** The app-server is not ours: a new generation may be the same server, which asks again what still waits. */
  readonly isExternal?: boolean;
}

/** The one place where the child asks and somebody else answers. Nothing is approved by default (E9). */
export class ApprovalService {
  readonly #options: ApprovalServiceOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #deciding = new Set<string>();

  constructor(options: ApprovalServiceOptions) {
    this.#options = options;
  }

  /** Takes a request of the child. "unknown" = not one of ours to answer; the child gets -32601 at once. */
  onChildRequest(request: ChildRequest): "taken" | "unknown" {
    const { execpolicyAmendments, changesOf, redact } = this.#options;
    const asked = describeRequest(request.method, redact(request.params), { execpolicyAmendments, changesOf });
    if (!asked) return "unknown";
    // thread/resume sends pending requests again under the same id; over a new connection the answer goes there.
    const known = this.#idOf(request.id, request.generation) ?? this.#askedBefore(request);
    if (known !== undefined) {
      this.#waiting.set(known, { request, kind: asked.kind });
      return "taken";
    }
    const approvalId = this.#options.newId();
    this.#waiting.set(approvalId, { request, kind: asked.kind });
    this.#options.journal.obliged(() => {
      const { registries } = this.#options.journal;
      const turn = asked.codexTurnId === undefined ? undefined : registries.turns.byCodexId(asked.codexTurnId);
      const session = registries.sessions.byThread(asked.threadId);
      const expiresAt = new Date(this.#options.nowMs() + this.#options.ttlMs).toISOString();
      this.#options.journal.append([
        {
          type: "approval.requested",
          ...(session ? { sessionId: session.id } : {}),
          ...(turn && !isTerminalTurnState(turn.state) ? { turnId: turn.id } : {}),
          approvalId,
          data: { kind: asked.kind, ...asked.details, decisions: asked.decisions, expiresAt },
        },
      ]);
    });
    return "taken";
  }

  /** Throws approval_not_found. */
  get(id: string): ApprovalRecord {
    const record = this.#options.journal.registries.approvals.get(id);
    if (!record) throw new ProblemError("approval_not_found", `There is no approval ${id}.`);
    return record;
  }

  view(record: ApprovalRecord): Approval {
    const { phase, requestedSeq, resolvedReason, decisions, ...rest } = record;
    const asked = this.#asked(requestedSeq);
    return {
      ...asked,
      ...rest,
      decisions: [...decisions],
      state: phase === "resolved" ? "resolved" : "pending",
      ...(resolvedReason === undefined ? {} : { resolvedReason }),
    };
  }

  list(query: {
    state?: string | undefined;
    sessionId?: string | undefined;
    limit: number;
    cursor?: string | undefined;
  }): Page<Approval> {
    const { approvals } = this.#options.journal.registries;
    return pageOf(approvals.ids, query, (id) => {
      const record = approvals.get(id) as ApprovalRecord;
      const state = record.phase === "resolved" ? "resolved" : "pending";
      const wanted = (query.state ?? state) === state && (query.sessionId ?? record.sessionId) === record.sessionId;
      return wanted ? this.view(record) : undefined;
    });
  }

  /** All that wait for an answer and may be told, oldest first. */
  pending(): Approval[] {
    const { log, registries } = this.#options.journal;
    return registries.approvals
      .unresolved()
      .filter((record) => record.requestedSeq <= log.head())
      .map((record) => this.view(record));
  }

  /** The first answer wins; later ones get approval_resolved. Resolves when the child was told and that is on disk. */
  async decide(id: string, body: DecideApproval, mark: ReplyMark | undefined): Promise<Approval> {
    const record = this.get(id);
    assertAnswerable(record, body);
    if (this.#deciding.has(id)) throw new ProblemError("approval_resolved", `Approval ${id} is being decided.`);
    this.#deciding.add(id);
    try {
      return await this.#decide(record, body, mark);
    } finally {
      this.#deciding.delete(id);
    }
  }

  async #decide(record: ApprovalRecord, body: DecideApproval, mark: ReplyMark | undefined): Promise<Approval> {
    const { journal } = this.#options;
    const ids = idsOf(record);
    const noted = {
      decision: body.decision,
      by: "client" as const,
      ...(body.note === undefined ? {} : { note: body.note }),
    };
    const reply = { ...this.view(record), ...noted, state: "resolved" };
    const stored = (approval: object) => mark && { idempotency: { ...mark, status: 200, body: { approval } } };
    await journal.appendVisible([{ type: "approval.decided", ...ids, data: { ...noted, ...stored(reply) } }]);
    const told = this.#tell(record.id, body);
    if (this.get(record.id).phase !== "resolved") {
      const at = journal.nowText();
      const outcome = told ? {} : { reason: "orphaned" };
      const final = { ...reply, resolvedAt: at, ...(told ? {} : { resolvedReason: "orphaned" }) };
      await journal.appendVisible([
        { type: "approval.resolved", at, ...ids, data: { ...noted, ...outcome, ...stored(final) } },
      ]);
    }
    return this.view(this.get(record.id));
  }

  #tell(approvalId: string, body: DecideApproval): boolean {
    const waiting = this.#waiting.get(approvalId);
    this.#waiting.delete(approvalId);
    if (!waiting) return false;
    const { id, generation, params } = waiting.request;
    return this.#options.respond(id, generation, responseTo(waiting.kind, params, body));
  }

  /** The child withdrew a request itself (interrupt, another subscriber). */
  withdrawn(requestId: ChildRequest["id"], generation: number): void {
    const approvalId = this.#idOf(requestId, generation);
    if (approvalId === undefined || this.#deciding.has(approvalId)) return;
    this.#waiting.delete(approvalId);
    this.#close(approvalId, { decision: "cancel", by: "system", reason: "ended" });
  }

  /**
   * The child that asked is gone: its requests can never be answered. Also for those found unresolved at boot.
   * One that is being decided resolves itself, when it finds nobody to tell.
   */
  orphanAll(): void {
    const { journal } = this.#options;
    this.#waiting.clear();
    // Requests that wait for space on a full disk come first, so that they are among those found.
    journal.obliged(() => {
      for (const record of journal.registries.approvals.unresolved()) {
        if (this.#deciding.has(record.id)) continue;
        const { decision = "decline", by = "system" } = record;
        this.#close(record.id, { decision, by, reason: "orphaned" });
      }
    });
  }

  /** What an app-server did not ask again over this connection needs no answer any more, or it forgot that it asked. */
  orphanBefore(generation: number): void {
    for (const [approvalId, { request }] of this.#waiting) {
      if (request.generation >= generation || this.#deciding.has(approvalId)) continue;
      this.#waiting.delete(approvalId);
      this.#close(approvalId, { decision: "decline", by: "system", reason: "orphaned" });
    }
  }

  /** Declines what nobody answered in time. */
  expire(): void {
    const nowMs = this.#options.nowMs();
    for (const record of this.#options.journal.registries.approvals.unresolved()) {
      if (record.phase !== "pending" || Date.parse(record.expiresAt) > nowMs || this.#deciding.has(record.id)) continue;
      this.#close(record.id, { decision: "decline", by: "system", reason: "expired" });
      this.#tell(record.id, { decision: "decline" });
    }
  }

  #close(approvalId: string, data: { decision: string; by: string; reason: string }): void {
    const { journal } = this.#options;
    journal.obliged(() => {
      const record = journal.registries.approvals.get(approvalId);
      if (!record || record.phase === "resolved") return;
      const event: NewEvent = { type: "approval.resolved", ...idsOf(record), data };
      journal.append([event]);
    });
  }

  /** The same request over an earlier connection. Ids begin anew with every app-server, so the item decides too. */
  #askedBefore(request: ChildRequest): string | undefined {
    if (this.#options.isExternal !== true) return undefined;
    for (const [approvalId, { request: before }] of this.#waiting) {
      if (before.id === request.id && before.method === request.method && placeOf(before) === placeOf(request)) {
        return approvalId;
      }
    }
    return undefined;
  }

  #idOf(requestId: ChildRequest["id"], generation: number): string | undefined {
    for (const [approvalId, { request }] of this.#waiting) {
      if (request.id === requestId && request.generation === generation) return approvalId;
    }
    return undefined;
  }

  /** What was asked stands in the log; the registry keeps no text. */
  #asked(requestedSeq: number): Record<string, unknown> {
    const { log } = this.#options.journal;
    if (requestedSeq < log.oldest()) return {};
    const frame = log.read(requestedSeq - 1, { maxRecords: 1, maxBytes: 1 }).frames[0];
    return frame?.seq === requestedSeq
      ? (JSON.parse(frame.bytes.toString()) as { data: Record<string, unknown> }).data
      : {};
  }
}

/** Where in which thread something is asked. */
const placeOf = ({ params }: ChildRequest): string => {
  const { threadId, turnId, itemId, approvalId } = (params ?? {}) as Record<string, unknown>;
  return JSON.stringify([threadId, turnId, itemId, approvalId]);
};

const idsOf = (record: ApprovalRecord) => ({
  ...(record.sessionId ? { sessionId: record.sessionId } : {}),
  ...(record.turnId ? { turnId: record.turnId } : {}),
  approvalId: record.id,
});

const assertAnswerable = (record: ApprovalRecord, body: DecideApproval): void => {
  if (record.phase !== "pending") {
    throw new ProblemError(
      "approval_resolved",
      `Approval ${record.id} was resolved: ${record.decision} by ${record.by}.`,
    );
  }
  if (!record.decisions.includes(body.decision)) {
    throw new ProblemError("invalid", `decision "${body.decision}" is not one of ${record.decisions.join(", ")}.`);
  }
  if (record.kind === "question" && body.decision === "answer" && body.answers === undefined) {
    throw new ProblemError("invalid", "answers are missing: one list of strings for each question id.");
  }
};
