import type { FeedEvent, Session } from "@baa/contracts";
import { signal } from "@preact/signals";
import { ApiError } from "../api/api-error.ts";
import type { Api } from "../api/api.ts";
import { applyEvents, openConversation, turnsToRead } from "../model/conversation.ts";
import { withContent, withEarlier, withTurnDetail } from "../model/conversation.ts";
import type { Conversation } from "../model/conversation.ts";
import { createBatch, onNextFrame } from "../stream/batch.ts";
import type { StreamFrame } from "../stream/event-stream.ts";
import { followStream } from "../stream/follow.ts";
import { createLink } from "./link.ts";
import type { Visibility } from "./visibility.ts";

/** Turns of one page. */
const PAGE = 10;
/** Turns that are read at the same time: browsers allow six connections to one host, streams included. */
const READERS = 2;
const RETRY_MS = 3_000;
/** A service that has just come back may still give its old answers. */
const SETTLE_MS = 1_000;
/** What is told of a session changes its row too. */
const CHANGES_SESSION = /^(?:session|approval)\.|^turn\.(?:accepted|started|completed|failed|interrupted|lost)$/;

/** The conversation of the session that is open: read once, then followed event by event. */
export class ConversationStore {
  readonly session = signal<Session | undefined>(undefined);
  readonly conversation = signal<Conversation | undefined>(undefined);
  readonly link = createLink();
  /** Page time from which what was read is, if it was old. */
  readonly oldFromMs = signal<number | undefined>(undefined);
  readonly failure = signal<ApiError | undefined>(undefined);
  readonly #api: Api;
  readonly #visibility: Visibility;
  #open = new AbortController();

  constructor(o: { api: Api; visibility: Visibility }) {
    this.#api = o.api;
    this.#visibility = o.visibility;
  }

  /** Shows this session instead of the one before. */
  open(sessionId: string): void {
    this.close();
    void this.#load(sessionId, this.#open.signal);
  }

  close(): void {
    this.#open.abort();
    this.#open = new AbortController();
    this.session.value = undefined;
    this.conversation.value = undefined;
    this.failure.value = undefined;
    this.oldFromMs.value = undefined;
    this.link.reset();
  }

  /** Reads the turns before those that are shown. */
  async earlier(): Promise<void> {
    const { signal } = this.#open;
    const conversation = this.conversation.peek();
    if (!conversation || conversation.earlier === null) return;
    try {
      const page = await this.#api.turns(conversation.sessionId, { limit: PAGE, cursor: conversation.earlier }, signal);
      this.#change((now) => withEarlier(now, page));
      for (const { id } of page.turns) await this.#readTurn(conversation.sessionId, id, signal);
    } catch (error) {
      if (!signal.aborted) this.failure.value = asApiError(error);
    }
  }

  /** Reads a turn whose content was given back, or could not be read before. */
  readTurn(turnId: string): void {
    const conversation = this.conversation.peek();
    if (conversation) void this.#readTurn(conversation.sessionId, turnId, this.#open.signal);
  }

  async #load(sessionId: string, signal: AbortSignal): Promise<void> {
    try {
      const [{ session }, page] = await Promise.all([
        this.#api.session(sessionId, signal),
        this.#api.turns(sessionId, { limit: PAGE }, signal),
      ]);
      if (signal.aborted) return;
      this.failure.value = undefined;
      this.session.value = session;
      this.oldFromMs.value = oldFrom(page.staleMs);
      this.conversation.value = openConversation(sessionId, page);
      const following = this.#follow(sessionId, String(page.asOfSeq), signal);
      await this.#readTurns(sessionId, signal);
      await following;
    } catch (error) {
      if (signal.aborted) return;
      this.failure.value = asApiError(error);
      if (this.failure.value.status === 404) return;
      setTimeout(() => {
        if (!signal.aborted) void this.#load(sessionId, signal);
      }, RETRY_MS);
    }
  }

  /** From the beginning: what is shown stays until the new reading has come. */
  #reload(sessionId: string, delayMs: number, signal: AbortSignal): void {
    setTimeout(() => {
      if (signal.aborted) return;
      this.#open.abort();
      this.#open = new AbortController();
      void this.#load(sessionId, this.#open.signal);
    }, delayMs);
  }

  async #follow(sessionId: string, cursor: string, signal: AbortSignal): Promise<void> {
    const batch = createBatch<FeedEvent>((events) => {
      if (signal.aborted) return;
      this.#change((now) => applyEvents(now, events));
      if (events.some(({ type }) => CHANGES_SESSION.test(type))) void this.#refreshSession(sessionId, signal);
    }, onNextFrame);
    await followStream({
      cursor,
      open: (from, until) => this.#api.openEvents({ source: "codex", sessionId }, from, until),
      onFrame: (frame) => {
        // Read while codexd was away, or of a log that has moved on: only a new reading fits the events to come.
        if (frame.type === "reset") this.#reload(sessionId, 0, signal);
        else if (frame.type === "hello" && this.oldFromMs.peek() !== undefined)
          this.#reload(sessionId, SETTLE_MS, signal);
        else if (isEvent(frame)) batch.add(frame.data as FeedEvent);
      },
      onState: this.link.take,
      signal,
      ...this.#visibility,
    });
  }

  async #readTurns(sessionId: string, signal: AbortSignal): Promise<void> {
    const conversation = this.conversation.peek();
    if (!conversation) return;
    // The newest is what is looked at.
    const ids = turnsToRead(conversation, PAGE).toReversed();
    const readOn = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined && !signal.aborted; id = ids.shift())
        await this.#readTurn(sessionId, id, signal);
    };
    await Promise.all(Array.from({ length: READERS }, readOn));
  }

  async #readTurn(sessionId: string, turnId: string, signal: AbortSignal): Promise<void> {
    this.#change((now) => withContent(now, turnId, "loading"));
    try {
      const { turn, staleMs } = await this.#api.turn(sessionId, turnId, signal);
      if (signal.aborted) return;
      this.oldFromMs.value ??= oldFrom(staleMs);
      this.#change((now) => withTurnDetail(now, turn));
    } catch {
      // The turn itself says so, and offers to try again.
      if (!signal.aborted) this.#change((now) => withContent(now, turnId, "failed"));
    }
  }

  async #refreshSession(sessionId: string, signal: AbortSignal): Promise<void> {
    try {
      const { session } = await this.#api.session(sessionId, signal);
      if (!signal.aborted) this.session.value = session;
    } catch {
      // Shown as it was; the next event brings the next try.
    }
  }

  #change(make: (conversation: Conversation) => Conversation): void {
    const now = this.conversation.peek();
    if (now) this.conversation.value = make(now);
  }
}

const oldFrom = (staleMs: number): number | undefined => (staleMs > 0 ? Date.now() - staleMs : undefined);

const isEvent = ({ type }: StreamFrame): boolean => type.includes(".");

const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError({ fault: "network", message: String(error), cause: error });
