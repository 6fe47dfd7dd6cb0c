import fs from "node:fs";
import path from "node:path";
import type { CreateSession, Session } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { ReplyMark } from "../idempotency.ts";
import type { Journal } from "../journal/journal.ts";
import { allowed, allowedCwd, type CwdRules, type Policy } from "../policy.ts";
import type { SessionRecord } from "../registry/records.ts";
import type { Registries } from "../registry/registries.ts";
import { pageOf, type Page } from "../registry/sorted-ids.ts";

export interface SessionServiceOptions {
  readonly journal: Journal;
  readonly policy: Policy;
  readonly cwdRules: CwdRules;
  /** Where sessions without a cwd work: `<dir>/<session id>`, removed with the session. */
  readonly scratchDir: string;
  readonly newId: () => string;
  readonly now: () => string;
}

/** Sessions are ours: creating or deleting one never talks to the child (I5). */
export class SessionService {
  readonly #options: SessionServiceOptions;
  readonly #registries: Registries;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
    this.#registries = options.journal.registries;
  }

  /** Throws session_not_found. */
  get(id: string): SessionRecord {
    const record = this.#registries.sessions.get(id);
    if (!record) throw new ProblemError("session_not_found", `There is no session ${id}.`);
    return record;
  }

  view(id: string): Session {
    return this.#registries.sessionView(this.get(id));
  }

  list(query: {
    limit: number;
    cursor?: string | undefined;
    state?: string | undefined;
    purpose?: string | undefined;
    cwd?: string | undefined;
  }): Page<Session> {
    const { sessions } = this.#registries;
    return pageOf(sessions.ids, query, (id) => {
      const view = this.#registries.sessionView(sessions.get(id) as SessionRecord);
      const wanted =
        (query.state === undefined ? view.state !== "archived" : view.state === query.state) &&
        (query.purpose === undefined ? view.purpose !== "worker" : view.purpose === query.purpose) &&
        (query.cwd === undefined || view.cwd === query.cwd);
      return wanted ? view : undefined;
    });
  }

  /** Writes session.created; the answer may be sent when this resolves. */
  async create(body: CreateSession, mark: ReplyMark | undefined): Promise<Session> {
    const record = this.#newRecord(body);
    if (record.threadId && this.#registries.sessions.byThread(record.threadId)) {
      throw new ProblemError(
        "thread_adopted",
        `Thread ${record.threadId} belongs to session ${this.#registries.sessions.byThread(record.threadId)?.id}.`,
      );
    }
    if (record.cwdOwned) fs.mkdirSync(record.cwd, { recursive: true, mode: 0o700 });
    const session = this.#registries.sessionView(record);
    const idempotency = mark && { ...mark, status: 201, body: { session } };
    await this.#options.journal.appendVisible([
      { type: "session.created", sessionId: record.id, data: { session, ...(idempotency ? { idempotency } : {}) } },
    ]);
    return session;
  }

  /** Throws turn_active while a turn is in progress. */
  async delete(id: string, mark: ReplyMark | undefined): Promise<Session> {
    const session = this.view(id);
    if (session.activeTurnId) throw turnActive(session.activeTurnId);
    const idempotency = mark && { ...mark, status: 200, body: { session } };
    await this.#options.journal.appendVisible([
      { type: "session.deleted", sessionId: id, data: { session, ...(idempotency ? { idempotency } : {}) } },
    ]);
    if (session.cwdOwned) await fs.promises.rm(session.cwd, { recursive: true, force: true });
    return session;
  }

  #newRecord(body: CreateSession): SessionRecord {
    const { policy, cwdRules, scratchDir, newId, now } = this.#options;
    const id = newId();
    const at = now();
    const cwd = body.cwd === undefined ? path.join(scratchDir, id) : allowedCwd(body.cwd, cwdRules);
    return {
      id,
      durable: body.threadId !== undefined,
      adopted: body.threadId !== undefined,
      archived: false,
      cwd,
      cwdOwned: body.cwd === undefined,
      purpose: body.purpose ?? "chat",
      sandbox: allowed("sandbox", body.sandbox, policy.sandbox, "read-only"),
      approvalPolicy: allowed("approvalPolicy", body.approvalPolicy, policy.approvalPolicy, "on-request"),
      createdAt: at,
      updatedAt: at,
      ...(body.threadId === undefined ? {} : { threadId: body.threadId }),
      ...(body.title === undefined ? {} : { title: body.title }),
      ...(body.model === undefined ? {} : { model: body.model }),
      ...(body.metadata === undefined ? {} : { metadata: body.metadata }),
    };
  }
}

export const turnActive = (turnId: string): ProblemError =>
  new ProblemError("turn_active", `Turn ${turnId} is in progress.`, { extra: { turnId } });
