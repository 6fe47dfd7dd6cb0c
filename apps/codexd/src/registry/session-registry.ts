import type { UploadedFile } from "@baa/contracts";
import { FileIndex } from "./file-index.ts";
import type { ForgetRecord, IdempotencyRecord, PurgeRecord, SessionRecord, StoredEvent } from "./records.ts";
import { SortedIds } from "./sorted-ids.ts";
import { StoredReplies } from "./stored-replies.ts";

type Entry =
  | { kind: "session"; record: SessionRecord }
  | { kind: "file"; record: UploadedFile }
  | { kind: "purge"; record: PurgeRecord }
  | { kind: "forget"; record: ForgetRecord }
  | { kind: "reply"; record: IdempotencyRecord };

/**
 * Sessions, the files kept with them, what deleted ones left behind, and the stored replies of keyed requests: folded
 * from the log, checkpointed to session-registry.json.
 */
export class SessionRegistry {
  readonly #sessions = new Map<string, SessionRecord>();
  readonly #byThread = new Map<string, string>();
  readonly #replies = new StoredReplies();
  readonly #toForget = new Map<string, ForgetRecord>();
  readonly #purges = new Map<string, PurgeRecord>();
  readonly files = new FileIndex();
  readonly ids = new SortedIds();
  appliedSeq = 0;

  get(id: string): SessionRecord | undefined {
    return this.#sessions.get(id);
  }

  byThread(threadId: string): SessionRecord | undefined {
    const id = this.#byThread.get(threadId);
    return id === undefined ? undefined : this.#sessions.get(id);
  }

  reply(id: string): IdempotencyRecord | undefined {
    return this.#replies.get(id);
  }

  /** What is still to be removed after sessions were deleted, oldest first. */
  purges(): PurgeRecord[] {
    return [...this.#purges.values()];
  }

  /** Deleted sessions whose text may still stand in the log, oldest first. */
  toForget(): ForgetRecord[] {
    return [...this.#toForget.values()];
  }

  get size(): number {
    return this.#sessions.size;
  }

  apply(event: StoredEvent): void {
    this.appliedSeq = event.seq;
    const data = event.data as {
      session?: SessionRecord;
      file?: UploadedFile;
      idempotency?: Omit<IdempotencyRecord, "at">;
    };
    if (data.idempotency) {
      const of = event.sessionId === undefined ? {} : { sessionId: event.sessionId };
      this.#replies.remember({ ...data.idempotency, ...of, at: event.at });
    }
    switch (event.type) {
      case "session.created":
      case "session.updated":
        if (data.session) this.#put(toRecord(data.session));
        break;
      case "session.deleted":
        if (event.sessionId) this.#delete(event, event.sessionId);
        break;
      case "session.forgotten":
        if (event.sessionId) this.#toForget.delete(event.sessionId);
        break;
      case "session.purged":
        if (event.sessionId) this.#purges.delete(event.sessionId);
        break;
      case "session.fileAdded":
        if (data.file) this.#keep(data.file);
        break;
      case "turn.started":
        this.#markDurable(event.sessionId);
        break;
    }
  }

  /** A consistent copy of everything, as the checkpoint's entries. */
  entries(): Entry[] {
    return [...this.snapshot()];
  }

  /**
   * The same for a checkpoint that is written in slices: what is here now, each wrapped when it is asked for. The lists
   * are copied at once, which takes about a millisecond for 100,000.
   */
  snapshot(): Iterable<Entry> {
    return wrapped({
      session: [...this.#sessions.values()],
      file: this.files.all(),
      purge: this.purges(),
      forget: this.toForget(),
      reply: this.#replies.all(),
    });
  }

  load(entries: readonly unknown[], appliedSeq: number): void {
    for (const entry of entries as Entry[]) {
      if (entry.kind === "session") this.#put(entry.record);
      else if (entry.kind === "file") this.files.put(entry.record);
      else if (entry.kind === "purge") this.#purges.set(entry.record.id, entry.record);
      else if (entry.kind === "forget") this.#toForget.set(entry.record.id, entry.record);
      else if (entry.kind === "reply") this.#replies.put(entry.record);
    }
    this.appliedSeq = appliedSeq;
  }

  #put(record: SessionRecord): void {
    const former = this.#sessions.get(record.id);
    if (!former) this.ids.add(record.id);
    if (former?.threadId && former.threadId !== record.threadId) this.#byThread.delete(former.threadId);
    this.#sessions.set(record.id, record);
    if (record.threadId) this.#byThread.set(record.threadId, record.id);
  }

  #delete(event: StoredEvent, id: string): void {
    this.#remove(id);
    this.#replies.forgetSession(id);
    this.#toForget.set(id, { id, seq: event.seq, at: event.at });
  }

  #remove(id: string): void {
    const record = this.#sessions.get(id);
    if (!record) return;
    this.#sessions.delete(id);
    this.files.removeSession(id);
    this.#purges.set(id, purgeOf(record));
    this.ids.remove(id);
    if (record.threadId) this.#byThread.delete(record.threadId);
  }

  #keep(file: UploadedFile): void {
    if (this.#sessions.has(file.sessionId)) this.files.put(file);
  }

  #markDurable(id: string | undefined): void {
    const record = id === undefined ? undefined : this.#sessions.get(id);
    if (record && !record.durable) this.#put({ ...record, durable: true });
  }
}

function* wrapped(lists: { [Kind in Entry["kind"]]: (Entry & { kind: Kind })["record"][] }): Generator<Entry> {
  for (const [kind, records] of Object.entries(lists)) {
    for (const record of records) yield { kind, record } as Entry;
  }
}

/** Keeps the stored fields of a session as events carry it; what is derived (state, activeTurnId, queuedTurns) is left out. */
const toRecord = (
  session: SessionRecord & { state?: unknown; activeTurnId?: unknown; queuedTurns?: unknown },
): SessionRecord => {
  const { state: _state, activeTurnId: _active, queuedTurns: _queued, ...record } = session;
  return record;
};

/** What is ours of a deleted session and still to be removed; a borrowed thread or directory is not. */
const purgeOf = ({ id, threadId, adopted, cwd, cwdOwned }: SessionRecord): PurgeRecord => ({
  id,
  ...(threadId === undefined || adopted ? {} : { threadId }),
  ...(cwdOwned ? { cwd } : {}),
});
