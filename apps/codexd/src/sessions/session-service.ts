import fs from "node:fs";
import path from "node:path";
import type { CreateSession, Session } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { FileStore } from "../files/file-store.ts";
import type { ReplyMark } from "../idempotency.ts";
import type { Journal, NewEvent } from "../journal/journal.ts";
import { allowed, allowedCwd, type CwdRules, type Policy } from "../policy.ts";
import type { SessionRecord } from "../registry/records.ts";
import type { Registries } from "../registry/registries.ts";
import { pageOf, type Page } from "../registry/sorted-ids.ts";
import { SessionGate } from "./session-gate.ts";
import { removeLeftovers } from "./session-purger.ts";

export interface SessionServiceOptions {
  readonly journal: Journal;
  readonly policy: Policy;
  readonly cwdRules: CwdRules;
  /** Where sessions without a cwd work: `<dir>/<session id>`, removed with the session. */
  readonly scratchDir: string;
  readonly files: Pick<FileStore, "removeSession">;
  readonly newId: () => string;
  readonly now: () => string;
}

export interface SessionQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly state?: string | undefined;
  readonly purpose?: string | undefined;
  readonly cwd?: string | undefined;
  readonly q?: string | undefined;
}

/** Sessions are ours: creating or deleting one never talks to the child (I5). */
export class SessionService {
  /** Who does something to a session's thread holds it; who accepts a turn waits for it. */
  readonly gate = new SessionGate();
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

  /**
   * Newest first. With `q`: those with it in their title, in any case, and those among `textHits`, ids of sessions in
   * whose text it was found.
   */
  list(query: SessionQuery, textHits: ReadonlySet<string> = new Set()): Page<Session> {
    const { sessions } = this.#registries;
    const title = query.q?.toLowerCase();
    // What needs no look at the turns is looked at first: there may be many sessions.
    const isWanted = (record: SessionRecord): boolean =>
      (query.purpose === undefined ? record.purpose !== "worker" : record.purpose === query.purpose) &&
      (query.cwd === undefined || record.cwd === query.cwd) &&
      (title === undefined || textHits.has(record.id) || (record.title?.toLowerCase().includes(title) ?? false));
    return pageOf(sessions.ids, query, (id) => {
      const record = sessions.get(id) as SessionRecord;
      if (!isWanted(record)) return undefined;
      const view = this.#registries.sessionView(record);
      return (query.state === undefined ? view.state !== "archived" : view.state === query.state) ? view : undefined;
    });
  }

  /** Writes session.created; the answer may be sent when this resolves. */
  async create(body: CreateSession, mark: ReplyMark | undefined): Promise<Session> {
    const { session, event } = this.prepare(body);
    const idempotency = mark && { idempotency: { ...mark, status: 201, body: { session } } };
    await this.#options.journal.appendVisible([{ ...event, data: { session, ...idempotency } }]);
    return session;
  }

  /**
   * A new session and the event that makes it, for a caller that appends more beside it. Its scratch directory is there
   * then. Throws thread_adopted, policy_denied, invalid.
   */
  prepare(body: CreateSession, forkedFrom?: string): { session: Session; event: NewEvent } {
    const record: SessionRecord = { ...this.#newRecord(body), ...(forkedFrom === undefined ? {} : { forkedFrom }) };
    const holder = record.threadId === undefined ? undefined : this.#registries.sessions.byThread(record.threadId);
    if (holder !== undefined) {
      throw new ProblemError("thread_adopted", `Thread ${record.threadId} belongs to session ${holder.id}.`, {
        extra: { sessionId: holder.id },
      });
    }
    if (record.cwdOwned) fs.mkdirSync(record.cwd, { recursive: true, mode: 0o700 });
    const session = this.#registries.sessionView(record);
    return { session, event: { type: "session.created", sessionId: record.id, data: { session } } };
  }

  /** Takes back what `prepare` made, when no event followed. */
  async discard({ cwd, cwdOwned }: Session): Promise<void> {
    if (cwdOwned) await fs.promises.rm(cwd, { recursive: true, force: true });
  }

  /**
   * Throws turn_active while a turn is in progress. What the session had on our disk is gone when this resolves; what
   * Codex keeps of it goes soon after (SessionPurger, which also ends what a crash interrupts here).
   */
  async delete(id: string, mark: ReplyMark | undefined): Promise<Session> {
    const { journal, files } = this.#options;
    return this.gate.run(id, async () => {
      const session = this.view(id);
      if (session.activeTurnId) throw turnActive(session.activeTurnId);
      const idempotency = mark && { idempotency: { ...mark, status: 200, body: { session } } };
      await journal.appendVisible([{ type: "session.deleted", sessionId: id, data: { session, ...idempotency } }]);
      await removeLeftovers({ id, ...(session.cwdOwned ? { cwd: session.cwd } : {}) }, files);
      return session;
    });
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
