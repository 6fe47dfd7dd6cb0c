import {
  actionFor,
  type ClientFrame,
  type FirefoxError,
  type FirefoxErrorCode,
  type FirefoxMethod,
  type ServerFrameOf,
  siteOf,
} from "@baa/contracts/firefox";
import type { FromPage, PageReply, ToPage } from "../../shared/page-messages.ts";
import { type CommandContext, IN_PAGE, MethodFault } from "../methods/method.ts";
import type { History } from "./history.ts";
import type { Journal, JournalEntry, Outcome } from "./journal.ts";
import { LiveCommand } from "./live-command.ts";
import { readRequest, refusal, type Request } from "./request.ts";
import { pack, type Packed, resultFrames, sendPaced } from "./results.ts";

/** The connection, as commands see it. */
export interface CommandLink {
  send(frame: ClientFrame): void;
  readonly bufferedBytes: number;
  readonly isOpen: boolean;
}

/** Does a method. `params` are parsed. */
export type Run = (method: FirefoxMethod, params: Record<string, unknown>, context: CommandContext) => Promise<unknown>;

export interface CommandsOptions {
  readonly journal: Journal;
  readonly history: History;
  readonly run: Run;
  /** Methods that a page goes on with by itself. */
  readonly inPage: ReadonlySet<string>;
  readonly methods: readonly string[];
  readonly requireSite: (url: string | undefined) => void;
  readonly isPaused: () => boolean;
  /** undefined: nobody is there that could answer. */
  readonly askPage: (tabId: number, message: ToPage) => Promise<PageReply | undefined>;
}

/** What is asked of this browser: delivered at least once, done at most once, and its end told until it is acknowledged. */
export class Commands {
  readonly #o: CommandsOptions;
  readonly #live = new Map<string, LiveCommand>();
  /** Outcomes on their way, and over which connection. */
  readonly #telling = new Map<string, CommandLink>();
  #link: CommandLink | undefined;

  constructor(o: CommandsOptions) {
    this.#o = o;
  }

  /** Judges what an earlier background left; before any command. */
  async start(): Promise<void> {
    const { journal } = this.#o;
    await journal.load();
    for (const entry of journal.entries()) {
      if (entry.state === "started") void this.#takeOver(entry);
    }
  }

  /** The journal is told first; what is open comes from the server then. */
  connect(link: CommandLink): void {
    this.#link = link;
    const ids = this.#o.journal.entries().map(({ id }) => id);
    link.send({ t: "journal", ids, methods: [...this.#o.methods] });
    for (const live of this.#live.values()) live.stream.connect(link);
  }

  disconnect(): void {
    this.#link = undefined;
    for (const live of this.#live.values()) live.stream.connect(undefined);
  }

  /** The pairing has ended: what runs is stopped, and nobody is told. */
  async forgetAll(): Promise<void> {
    for (const live of this.#live.values()) {
      this.#stop(live, "cancelled");
      live.end();
    }
    this.#live.clear();
    this.#o.history.clear();
    await this.#o.journal.forgetAll();
  }

  onCommand(frame: ServerFrameOf<"cmd">): void {
    const { id, ttlMs } = frame;
    const entry = this.#o.journal.get(id);
    const live = this.#live.get(id);
    const { effect } = entry ?? frame; // what was begun as a write is one
    const facts = { state: entry?.state ?? "absent", isOurs: live !== undefined, effect } as const;
    switch (actionFor({ ...facts, isInPage: entry?.isInPage ?? false })) {
      case "run":
        return void this.#run(frame);
      case "accept":
        live?.setTime(ttlMs);
        return this.#link?.send({ t: "accepted", id, dup: true });
      case "replay":
        return void this.#replay(id);
      case "attach":
      case "interrupt":
        if (entry !== undefined) void this.#takeOver(entry);
    }
  }

  onCancel({ id }: ServerFrameOf<"cancel">): void {
    const live = this.#live.get(id);
    if (live !== undefined) return this.#stop(live, "cancelled");
    // What has begun is in the journal.
    const entry = this.#o.journal.get(id);
    if (entry?.state === "done") return void this.#replay(id);
    if (entry?.effect === "write") return void this.#takeOver(entry);
    this.#refuse(id, refusal("cancelled", "It was cancelled before it had begun."));
  }

  /** The rules about sites have changed: what was allowed for one of them, and is not any more, is stopped. */
  onSites(): void {
    for (const live of this.#live.values()) {
      if (![...live.touched].every((url) => this.#mayTouch(url))) this.#stop(live, "cancelled");
    }
  }

  onResync({ id }: ServerFrameOf<"resync">): void {
    this.#live.get(id)?.stream.resync();
  }

  onResultAck({ id }: ServerFrameOf<"resultAck">): void {
    this.#o.journal.forget(id);
  }

  /** A page tells of its work; resolves when that is on disk. Also to a background that it has just woken. */
  async onFromPage(message: FromPage, tabId: number | undefined): Promise<void> {
    const entry = this.#o.journal.get(message.id);
    if (entry?.state !== "started" || !entry.isInPage || entry.tabId !== tabId) return;
    if (message.kind === "ended") return this.#end(entry.id, message.outcome);
    const live = this.#adopt(entry);
    // Text before it is missing: this background did not hear it.
    if (!live.stream.change(message)) await this.#attach(entry);
  }

  /** A tab was closed, or shows a page that was loaded anew: does anybody still work there? */
  async onTabChanged(tabId: number, change: "closed" | "loaded"): Promise<void> {
    for (const entry of this.#o.journal.entries()) {
      if (entry.tabId !== tabId || entry.state !== "started" || this.#live.get(entry.id)?.isInPage === false) continue;
      if (change === "closed") await this.#end(entry.id, TAB_CLOSED);
      else await this.#attach(entry, PAGE_LEFT);
    }
  }

  async #run(frame: ServerFrameOf<"cmd">): Promise<void> {
    const { id } = frame;
    const request = readRequest(frame);
    if ("code" in request) return this.#refuse(id, request);
    if (this.#o.isPaused()) return this.#refuse(id, refusal("paused", "The user has paused the extension."));
    const { journal, history, inPage } = this.#o;
    const live = this.#begin({ id, effect: request.effect }, false);
    history.begin(id, request.method);
    live.setTime(frame.ttlMs);
    let outcome: Outcome;
    try {
      await journal
        .start({ id, method: request.method, effect: request.effect, isInPage: inPage.has(request.method) })
        .catch(throwNotBegun);
      this.#link?.send({ t: "accepted", id, dup: false });
      const value = await this.#do(request, live);
      if (value === IN_PAGE) return;
      outcome = { ok: true, value };
    } catch (error) {
      outcome = live.outcomeOf(error);
    }
    await this.#end(id, outcome);
  }

  async #do({ method, params }: Request, live: LiveCommand): Promise<unknown> {
    if (live.signal.aborted) throw new MethodFault("cancelled", "It was cancelled before it had begun.");
    const { journal, history, requireSite, run } = this.#o;
    const value = await run(method, params, {
      id: live.id,
      signal: live.signal,
      emit: (from, text) => void live.stream.change({ from, text }),
      requireSite: (url) => {
        requireSite(url);
        live.touched.add(url);
        history.setSite(live.id, siteOf(url ?? "") ?? "");
      },
      claimTab: (tabId) => journal.claimTab(live.id, tabId),
    });
    if (value !== IN_PAGE) return value;
    live.isInPage = true;
    // It may have been told to stop before the page had it.
    if (live.signal.aborted) this.#tellPageToStop(live.id);
    return value;
  }

  #mayTouch(url: string | undefined): boolean {
    try {
      this.#o.requireSite(url);
      return true;
    } catch {
      return false; // it throws nothing else
    }
  }

  #begin(entry: Pick<JournalEntry, "id" | "effect">, isInPage: boolean): LiveCommand {
    const live: LiveCommand = new LiveCommand(entry, {
      isInPage,
      onTimeOver: () => this.#stop(live, "timeout"),
      onLate: (outcome) => void this.#end(entry.id, outcome),
    });
    this.#live.set(entry.id, live);
    live.stream.connect(this.#link);
    return live;
  }

  /** Work of a page that an earlier background had asked. */
  #adopt(entry: JournalEntry): LiveCommand {
    return this.#live.get(entry.id) ?? this.#begin(entry, true);
  }

  /** What an earlier background had begun: a page may still do it, else nobody knows what it did. */
  async #takeOver(entry: JournalEntry): Promise<void> {
    const { id, effect, isInPage, state } = entry;
    const action = actionFor({ state, isOurs: this.#live.has(id), effect, isInPage });
    if (action === "attach") await this.#attach(entry);
    if (action === "interrupt") await this.#end(id, INTERRUPTED);
  }

  /** Asks the page what became of it: its whole text comes, and its end; `lost` when it does not know. */
  async #attach(entry: JournalEntry, lost = INTERRUPTED): Promise<void> {
    const { id, tabId } = entry;
    this.#adopt(entry);
    const reply = tabId === undefined ? undefined : await this.#o.askPage(tabId, { kind: "attach", id });
    if (reply?.kind === "working") return;
    await this.#end(id, reply?.kind === "end" ? reply.outcome : lost);
  }

  #stop(live: LiveCommand, why: "cancelled" | "timeout"): void {
    live.stop(why);
    if (live.isInPage) this.#tellPageToStop(live.id);
  }

  #tellPageToStop(id: string): void {
    const tabId = this.#o.journal.get(id)?.tabId;
    if (tabId !== undefined) void this.#o.askPage(tabId, { kind: "cancel", id });
  }

  /** Once for each command: on disk first, then told. */
  async #end(id: string, ended: Outcome): Promise<void> {
    const { journal, history } = this.#o;
    const method = journal.get(id)?.method ?? "";
    const packed = pack(ended);
    // A full disk must not keep the server from what is known.
    if (!(await journal.finish(id, packed.outcome).catch(() => true))) return;
    this.#live.get(id)?.end();
    this.#live.delete(id);
    history.end(id, method, packed.outcome);
    await this.#tell(id, packed, { replay: false });
  }

  async #replay(id: string): Promise<void> {
    const outcome = (await this.#o.journal.outcome(id)) ?? LOST;
    await this.#tell(id, pack(outcome), { replay: true });
  }

  /** Not while this connection carries it already: the parts of both would come mixed. */
  async #tell(id: string, packed: Packed, o: { readonly replay: boolean }): Promise<void> {
    const link = this.#link;
    if (link === undefined || this.#telling.get(id) === link) return;
    this.#telling.set(id, link);
    try {
      await sendPaced(link, resultFrames(id, packed, o));
    } finally {
      if (this.#telling.get(id) === link) this.#telling.delete(id);
    }
  }

  #refuse(id: string, error: FirefoxError): void {
    this.#link?.send({ t: "result", id, ok: false, error, replay: false });
  }
}

const throwNotBegun = (error: unknown): never => {
  const why = error instanceof Error ? error.message : String(error);
  throw new MethodFault("internal", `Firefox could not write down that it begins, so it was not begun: ${why}`);
};

const unknownEnd = (code: FirefoxErrorCode, message: string): Outcome => ({
  ok: false,
  error: { code, message, outcome: "unknown" },
});
const INTERRUPTED = unknownEnd(
  "interrupted",
  "The extension was stopped while it did this; nobody knows how far it came.",
);
const TAB_CLOSED = unknownEnd("tab_closed", "The tab was closed while its page did this.");
const PAGE_LEFT = unknownEnd("tab_closed", "The tab went to another page while its page did this.");
const LOST = unknownEnd("interrupted", "It has ended, and Firefox has lost how.");
