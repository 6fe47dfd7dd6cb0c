import { WS_CLOSE } from "@baa/contracts";
import { type ClientFrameOf, FIREFOX_LIMITS, type FirefoxError, type ServerFrame } from "@baa/contracts/firefox";
import type { Logger } from "@baa/process";
import type { Store } from "../store/store.ts";
import type { After } from "./after.ts";
import type { FirefoxLink } from "./bridge.ts";
import type { CommandHead, CommandRows } from "./command-rows.ts";
import type { Commands, ResultText } from "./commands.ts";
import type { Deadlines } from "./deadlines.ts";
import { IncomingResults } from "./incoming-results.ts";
import { Outgoing } from "./outgoing.ts";
import type { ResultFile, ResultFiles } from "./result-files.ts";
import { StreamText } from "./stream-text.ts";

export interface TrafficOptions {
  readonly store: Store;
  readonly rows: CommandRows;
  readonly commands: Commands;
  readonly deadlines: Deadlines;
  readonly files: ResultFiles;
  readonly after: After;
  readonly logger: Pick<Logger, "warn">;
}

/** A command that has not ended by then is said to be running; most have ended before, and need no write for it. */
const RUNNING_AFTER_MS = 50;

/** The commands of one browser over one connection. */
export class CommandTraffic {
  readonly #o: TrafficOptions;
  readonly #clientId: string;
  readonly #link: FirefoxLink;
  readonly #outgoing: Outgoing;
  readonly #incoming: IncomingResults;
  readonly #streams = new Map<string, StreamText>();
  readonly #accepted = new Set<string>();
  #cancelNote: (() => void) | undefined;

  constructor(clientId: string, link: FirefoxLink, o: TrafficOptions) {
    this.#o = o;
    this.#clientId = clientId;
    this.#link = link;
    this.#incoming = new IncomingResults(o.files);
    this.#outgoing = new Outgoing({
      link,
      deliver: (ids, charsMax) => o.store.write(() => this.#deliverMany(ids, charsMax)),
      onFault: (error) => this.#fail(error),
    });
  }

  /** Only inside `Store.write`: a new command goes out when that is on disk, or as soon as the browser takes it. */
  send(head: CommandHead, ttlMs: number): void {
    const { store, commands } = this.#o;
    if (!this.#outgoing.isFree) return store.afterCommit(() => this.#outgoing.add(head.id));
    const { frame } = commands.deliver(head, ttlMs);
    store.afterCommit(() => this.#link.send(frame));
  }

  tellCancel(id: string): void {
    this.#link.send({ t: "cancel", id });
  }

  /**
   * The browser's journal has come: what it holds that has ended here is acknowledged; what is open here is sent
   * (again), unless that could do it twice, or nobody wants it any more.
   */
  begin(journal: readonly string[]): void {
    const { rows, store } = this.#o;
    const held = new Set(journal);
    const open = rows.open(this.#clientId);
    const lost = open.flatMap((head) => {
      const error = held.has(head.id) ? undefined : this.#lossOf(head);
      return error === undefined ? [] : [{ id: head.id, error }];
    });
    if (lost.length > 0) {
      store.write(() => {
        for (const { id, error } of lost) this.#o.commands.apply(id, { kind: "result", error });
      });
    }
    const left = rows.open(this.#clientId);
    const openIds = new Set(left.map(({ id }) => id));
    for (const id of held) if (!openIds.has(id)) this.#acknowledge(id);
    // One that nobody wants any more is not asked for again; what became of it is the answer to this.
    for (const head of left.filter((one) => this.#isUnwanted(one))) {
      openIds.delete(head.id);
      if (head.deliveries > 0) this.tellCancel(head.id);
    }
    this.#outgoing.open([...openIds]);
  }

  onAccepted(id: string): void {
    if (this.#head(id) === undefined) return;
    this.#accepted.add(id);
    this.#cancelNote ??= this.#o.after(RUNNING_AFTER_MS, () => {
      try {
        this.#noteRunning();
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  onChunk(chunk: ClientFrameOf<"chunk">): void {
    const head = this.#head(chunk.id);
    if (head === undefined) return;
    const stream = this.#streamOf(chunk.id);
    const outcome = stream.apply(chunk);
    if (outcome.kind === "gap") this.#link.send({ t: "resync", id: chunk.id });
    if (outcome.kind !== "changed") return;
    const { store, commands } = this.#o;
    store.write(() => {
      commands.apply(chunk.id, { kind: "accepted" });
      const { isTold, text: whole } = stream;
      commands.setText(head, { from: outcome.from, text: outcome.text, whole, isTold });
    });
  }

  /** @throws BrokenResultError; Node's error when it cannot be written. */
  onPart(part: ClientFrameOf<"part">): void {
    if (this.#head(part.id) !== undefined) this.#incoming.part(part);
  }

  /** @throws BrokenResultError, and what a write throws. */
  onResult({ id, ok, value, parts, error }: ClientFrameOf<"result">): void {
    const head = this.#head(id);
    if (head === undefined) return this.#acknowledge(id);
    if (!ok) return this.#end(head, error ?? NO_REASON);
    if (parts !== undefined) {
      const file = this.#incoming.take(id, parts);
      return file === "too large" ? this.#end(head, TOO_LARGE) : this.#store(head, file);
    }
    const text = JSON.stringify(value ?? null);
    if (text.length <= FIREFOX_LIMITS.inlineResultChars) return this.#endWell(head, text, textIn(value));
    const file = this.#o.files.begin(id);
    file.append(text);
    this.#store(head, file);
  }

  /** The command has ended, by whatever. */
  forget(id: string): void {
    this.#outgoing.remove(id);
    this.#incoming.drop(id);
    this.#streams.delete(id);
    this.#accepted.delete(id);
  }

  /** The connection is over: pieces of results come again with the next one. */
  close(): void {
    this.#outgoing.close();
    this.#incoming.dropAll();
    try {
      this.#noteRunning();
    } catch (err) {
      // Only a state that nobody had heard of is lost: the browser says it again.
      this.#o.logger.warn({ event: "firefox.noteFailed", err }, "that commands run in a browser was not noted");
    }
  }

  #head(id: string): CommandHead | undefined {
    return this.#o.commands.openHead(this.#clientId, id);
  }

  #deliverMany(ids: readonly string[], charsMax: number): { frames: ServerFrame[]; left: readonly string[] } {
    const frames: ServerFrame[] = [];
    let chars = 0;
    for (const [index, id] of ids.entries()) {
      const head = this.#head(id);
      // The word to stop it has gone out, or goes when its deadline passes: it must not come after that.
      if (head === undefined || this.#isUnwanted(head)) continue;
      if (chars > charsMax) return { frames, left: ids.slice(index) };
      const { frame, paramsChars } = this.#o.commands.deliver(head, this.#o.deadlines.leftMs(id));
      frames.push(frame);
      chars += paramsChars;
    }
    return { frames, left: [] };
  }

  #isUnwanted({ id, cancel_asked: cancelAsked }: CommandHead): boolean {
    return cancelAsked === 1 || this.#o.deadlines.leftMs(id) === 0;
  }

  /** Why a command that its journal does not hold is not given to the browser again. */
  #lossOf(head: CommandHead): FirefoxError | undefined {
    if (head.deliveries === 0) return undefined;
    if (head.state === "running") return head.effect === "write" ? FORGOTTEN : undefined;
    if (!this.#isUnwanted(head)) return undefined;
    return head.cancel_asked === 1 ? CANCELLED_UNSEEN : LATE_UNSEEN;
  }

  #streamOf(id: string): StreamText {
    const stream = this.#streams.get(id) ?? new StreamText(this.#o.rows.textOf(id));
    this.#streams.set(id, stream);
    return stream;
  }

  #noteRunning(): void {
    this.#cancelNote?.();
    this.#cancelNote = undefined;
    const ids = [...this.#accepted];
    this.#accepted.clear();
    if (ids.length === 0) return;
    const { store, commands } = this.#o;
    store.write(() => {
      for (const id of ids) commands.apply(id, { kind: "accepted" });
    });
  }

  /** The result is acknowledged when all of it is on disk. */
  #store(head: CommandHead, file: ResultFile): void {
    file.finish().then(
      () => {
        try {
          this.#endIfOpen(head, file.chars);
        } catch (error) {
          this.#fail(error);
        }
      },
      (error: unknown) => {
        file.discard();
        this.#fail(error);
      },
    );
  }

  #endIfOpen(head: CommandHead, chars: number): void {
    if (this.#head(head.id) !== undefined) return this.#endWell(head, undefined, undefined, chars);
    // It ended while its result was written, maybe with this very result, replayed over another connection.
    if (this.#o.rows.head(head.id)?.state !== "completed") this.#o.files.remove([head.id]);
    this.#acknowledge(head.id);
  }

  #endWell(head: CommandHead, result: string | undefined, text: string | undefined, chars = result?.length): void {
    const { store, rows } = this.#o;
    const isStream = this.#streams.has(head.id) || rows.textOf(head.id) !== "";
    store.write(() => {
      if (text !== undefined && isStream) rows.setText(head.id, text);
      this.#o.commands.apply(head.id, { kind: "result", error: undefined }, { result, resultChars: chars });
    });
    this.#acknowledge(head.id);
  }

  #end(head: CommandHead, error: FirefoxError): void {
    const { store, commands, deadlines } = this.#o;
    const isLate = error.code === "cancelled" && head.cancel_asked === 0 && deadlines.leftMs(head.id) === 0;
    const told = isLate ? { ...error, code: "timeout", message: LATE } : error;
    const result: ResultText = {};
    store.write(() => commands.apply(head.id, { kind: "result", error: told }, result));
    this.#acknowledge(head.id);
  }

  #acknowledge(id: string): void {
    this.#link.send({ t: "resultAck", id });
  }

  /** Nothing was acknowledged, so all of it comes again over the next connection. */
  #fail(err: unknown): void {
    this.#o.logger.warn(
      { event: "firefox.trafficFailed", clientId: this.#clientId, err },
      "what a browser sent could not be stored; its connection is closed and it comes again",
    );
    this.#link.close(WS_CLOSE.goingAway);
  }
}

/** Of a stream's result, what it came to. */
const textIn = (value: unknown): string | undefined => {
  const text = typeof value === "object" && value !== null && "text" in value ? value.text : undefined;
  return typeof text === "string" ? text : undefined;
};

const LATE = "Its time was over before it was done.";
const NO_REASON: FirefoxError = { code: "internal", message: "The browser gave no reason.", outcome: "unknown" };
const TOO_LARGE: FirefoxError = {
  code: "too_large",
  message: `The result is longer than ${FIREFOX_LIMITS.resultChars} characters.`,
  outcome: "done",
};
const FORGOTTEN: FirefoxError = {
  code: "interrupted",
  message: "The browser had begun it, and its journal does not hold it any more.",
  outcome: "unknown",
};
const CANCELLED_UNSEEN: FirefoxError = {
  code: "cancelled",
  message: "It was cancelled before it reached the browser.",
  outcome: "notDone",
};
const LATE_UNSEEN: FirefoxError = {
  code: "timeout",
  message: "Its time was over before it reached the browser.",
  outcome: "notDone",
};
