import type { FeedEvent } from "@baa/contracts";
import type { Statement } from "@baa/storage";
import * as z from "zod";
import type { Store } from "../store/store.ts";

/** What codexd's snapshot says is open; more than these fields is not looked at. */
const Snapshot = z.looseObject({
  openTurns: z
    .array(z.looseObject({ id: z.string(), sessionId: z.string(), state: z.string(), createdAt: z.string() }))
    .default([]),
  pendingApprovals: z
    .array(
      z.looseObject({
        id: z.string(),
        sessionId: z.string().optional(),
        turnId: z.string().optional(),
        kind: z.string().default("unknown"),
        createdAt: z.string().default(""),
      }),
    )
    .default([]),
});

const ENDS = new Set(["turn.completed", "turn.failed", "turn.interrupted", "turn.lost"]);

export interface OpenTurn {
  readonly id: string;
  readonly sessionId: string;
  readonly state: string;
  readonly at: string;
}

/** Turns in progress and approvals that wait, as codexd's events say. All changes are inside `Store.write`. */
export class OpenWork {
  readonly #store: Store;
  readonly #statements: Readonly<Record<"turn" | "state" | "endTurn" | "approval" | "resolve" | "forget", Statement>>;
  #turns = 0;
  #approvals = 0;

  constructor(store: Store) {
    const { database } = store;
    this.#store = store;
    this.#statements = {
      turn: database.prepare("INSERT OR REPLACE INTO open_turns (turn_id, session_id, state, at) VALUES (?, ?, ?, ?)"),
      state: database.prepare("UPDATE open_turns SET state = ? WHERE turn_id = ?"),
      endTurn: database.prepare("DELETE FROM open_turns WHERE turn_id = ?"),
      approval: database.prepare(
        "INSERT OR REPLACE INTO pending_approvals (approval_id, session_id, turn_id, kind, at) VALUES (?, ?, ?, ?, ?)",
      ),
      resolve: database.prepare("DELETE FROM pending_approvals WHERE approval_id = ?"),
      forget: database.prepare("DELETE FROM open_turns WHERE session_id = ?"),
    };
    this.#count();
  }

  get turnCount(): number {
    return this.#turns;
  }

  get approvalCount(): number {
    return this.#approvals;
  }

  turns(): readonly OpenTurn[] {
    return this.#store.database
      .prepare("SELECT turn_id AS id, session_id AS sessionId, state, at FROM open_turns ORDER BY at, turn_id")
      .all<OpenTurn>();
  }

  approvals(): readonly object[] {
    return this.#store.database
      .prepare(
        "SELECT approval_id AS id, session_id AS sessionId, turn_id AS turnId, kind, at FROM pending_approvals ORDER BY at, approval_id",
      )
      .all<object>();
  }

  apply(event: FeedEvent): void {
    this.#applyTurn(event);
    this.#applyApproval(event);
    if (event.type === "session.deleted" && event.sessionId !== undefined) this.#statements.forget.run(event.sessionId);
    this.#store.afterCommit(() => this.#count());
  }

  /** Takes the place of everything known: codexd's log could not be followed without a gap. */
  replace(snapshot: unknown): void {
    const { openTurns, pendingApprovals } = Snapshot.parse(snapshot ?? {});
    this.#store.database.exec("DELETE FROM open_turns; DELETE FROM pending_approvals");
    for (const { id, sessionId, state, createdAt } of openTurns) {
      this.#statements.turn.run(id, sessionId, state, createdAt);
    }
    for (const { id, sessionId, turnId, kind, createdAt } of pendingApprovals) {
      this.#statements.approval.run(id, sessionId ?? null, turnId ?? null, kind, createdAt);
    }
    this.#store.afterCommit(() => this.#count());
  }

  #applyTurn({ type, turnId, sessionId, at }: FeedEvent): void {
    if (turnId === undefined) return;
    if (type === "turn.accepted" && sessionId !== undefined)
      this.#statements.turn.run(turnId, sessionId, "accepted", at);
    else if (type === "turn.forwarding") this.#statements.state.run("forwarding", turnId);
    else if (type === "turn.started") this.#statements.state.run("running", turnId);
    else if (ENDS.has(type)) this.#statements.endTurn.run(turnId);
  }

  #applyApproval({ type, approvalId, sessionId, turnId, at, data }: FeedEvent): void {
    if (approvalId === undefined) return;
    if (type === "approval.resolved") this.#statements.resolve.run(approvalId);
    if (type !== "approval.requested") return;
    const kind = typeof data["kind"] === "string" ? data["kind"] : "unknown";
    this.#statements.approval.run(approvalId, sessionId ?? null, turnId ?? null, kind, at);
  }

  #count(): void {
    const count = (table: string): number =>
      this.#store.database.prepare(`SELECT count(*) AS n FROM ${table}`).get<{ n: number }>()?.n ?? 0;
    this.#turns = count("open_turns");
    this.#approvals = count("pending_approvals");
  }
}
