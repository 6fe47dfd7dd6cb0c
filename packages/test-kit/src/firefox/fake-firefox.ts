import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type FakeCommand,
  type FakeEnd,
  type FakeEntry,
  FakeRefusal,
  type FakeScript,
  interruptedEnd,
} from "./fake-journal.ts";
import { type BridgeFrame, FakeSocket, greet } from "./fake-socket.ts";

/** A result whose JSON text is longer goes in parts of `PART_CHARS`. */
const INLINE_CHARS = 1024 * 1024;
const PART_CHARS = 512 * 1024;
/** More than this unsent: wait before the next part. */
const BUFFERED_BYTES = 4 * 1024 * 1024;

export interface FakeFirefoxOptions {
  /** Of conductor: `http://127.0.0.1:4317`. Asked for each connection, so that a restart may move it. */
  readonly url: () => string;
  /** Default: an extension of its own. */
  readonly origin?: string;
  readonly clientId?: string;
  readonly info?: Readonly<Record<string, unknown>>;
  readonly scripts?: Readonly<Record<string, FakeScript>>;
}

/**
 * A browser with our extension, as conductor sees it: it pairs, proves itself, keeps a journal, and does what scripts
 * say. It never comes back by itself.
 */
export class FakeFirefox {
  readonly clientId: string;
  readonly origin: string;
  readonly info: Readonly<Record<string, unknown>>;
  /** The key of its pairing, once it is paired. */
  key: string | undefined;
  /** Methods that it offers, and what it does. More may be added at any time. */
  readonly scripts: Record<string, FakeScript>;
  /** Every command that was begun, in order: doing one twice shows here. */
  readonly executed: FakeCommand[] = [];
  /** Commands that it has begun and whose result was not acknowledged. Kept over connections and backgrounds. */
  readonly journal = new Map<string, FakeEntry>();
  /** Everything that conductor sent after a welcome, over all connections. */
  readonly frames: BridgeFrame[] = [];
  /** Whether pings are answered. */
  answersPings = true;
  readonly #url: () => string;
  readonly #waiting = new Set<() => void>();
  #backgroundId: string = randomUUID();
  #link: FakeSocket | undefined;

  constructor(o: FakeFirefoxOptions) {
    this.#url = o.url;
    this.clientId = o.clientId ?? `ffx_${randomUUID().replaceAll("-", "")}`;
    this.origin = o.origin ?? `moz-extension://${randomUUID()}`;
    this.info = {
      browser: "Firefox 140.0",
      os: "linux",
      extension: "0.1.0",
      manifest: 3,
      hasAllSites: true,
      ...o.info,
    };
    this.scripts = { ...o.scripts };
  }

  /** Uses up a code and stays connected. @throws FakeRefused */
  async pair(code: string): Promise<BridgeFrame> {
    return this.#connect(code, "code");
  }

  /** Connects with the key. Returns the welcome. @throws FakeRefused */
  async connect(): Promise<BridgeFrame> {
    if (this.key === undefined) throw new Error("it is not paired");
    return this.#connect(this.key, "key");
  }

  /** Connects again and again until it is let in: conductor may just be starting. */
  async reconnect(timeoutMs = 20_000): Promise<BridgeFrame> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      try {
        return await this.connect();
      } catch (error) {
        if (performance.now() > untilMs) throw error;
        await sleep(50);
      }
    }
  }

  /** Close code of the present or last connection. */
  get closed(): Promise<number> {
    if (this.#link === undefined) throw new Error("it was never connected");
    return this.#link.closed;
  }

  /** Sends any frame, in its schema or not. */
  send(frame: BridgeFrame): void {
    this.#link?.send(frame);
  }

  /** Cuts the connection as a pulled cable does. */
  async cut(): Promise<void> {
    this.#link?.socket.terminate();
    await this.#link?.closed;
  }

  /** Stops taking bytes, without closing; `resume` goes on. */
  stall(): void {
    this.#link?.socket.pause();
  }

  resume(): void {
    this.#link?.socket.resume();
  }

  /** The background page dies and another one begins with the journal; it is not connected until `connect`. */
  async restartBackground(): Promise<void> {
    await this.cut();
    this.#backgroundId = randomUUID();
    for (const entry of this.journal.values()) entry.abort.abort();
  }

  /** The first frame from conductor, of the past or to come, that fits. */
  async waitFrame(fits: (frame: BridgeFrame) => boolean, timeoutMs = 20_000): Promise<BridgeFrame> {
    const late = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve, reject) => {
        this.#waiting.add(resolve);
        late.addEventListener("abort", () => reject(new Error(`no such frame in ${timeoutMs} ms`)), { once: true });
      });
    }
  }

  async #connect(secret: string, kind: "key" | "code"): Promise<BridgeFrame> {
    const { origin, clientId, info } = this;
    const url = `${this.#url().replace(/^http/, "ws")}/ws/firefox`;
    const link = new FakeSocket({ url, origin });
    const backgroundId = this.#backgroundId;
    const { welcome, key } = await greet(link, { url, origin, clientId, backgroundId, info, secret, with: kind });
    this.key = key ?? this.key;
    this.#link = link;
    for (const entry of this.journal.values()) entry.nextChunk = 0;
    link.send({ t: "journal", ids: [...this.journal.keys()], methods: Object.keys(this.scripts) });
    link.send({ t: "state", isPaused: false, logins: [], info });
    link.send({ t: "tabs", rev: 0, tabs: [] });
    link.flow((frame) => this.#onFrame(frame));
    return welcome;
  }

  #onFrame(frame: BridgeFrame): void {
    this.frames.push(frame);
    const entry = this.journal.get(String(frame["id"]));
    if (frame.t === "ping" && this.answersPings) this.send({ t: "pong", n: frame["n"] });
    if (frame.t === "cmd") this.#onCommand(frame as unknown as FakeCommand, entry);
    if (frame.t === "cancel") this.#onCancel(String(frame["id"]), entry);
    if (frame.t === "resync" && entry !== undefined) this.#sendChunk(entry, 0);
    if (frame.t === "resultAck") this.journal.delete(String(frame["id"]));
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #onCommand(command: FakeCommand, entry: FakeEntry | undefined): void {
    const { id, effect } = command;
    if (entry === undefined) {
      this.send({ t: "accepted", id, dup: false });
      this.#run(command);
    } else if (entry.end !== undefined) {
      void this.#sendResult(entry, entry.end, true);
    } else if (entry.backgroundId === this.#backgroundId) {
      this.send({ t: "accepted", id, dup: true });
      if (entry.text !== "") this.#sendChunk(entry, 0);
    } else if (effect === "read") {
      this.send({ t: "accepted", id, dup: true });
      this.#run(command);
    } else {
      entry.end = interruptedEnd;
      void this.#sendResult(entry, entry.end, true);
    }
  }

  /** What became of it is the answer; what was never begun never will be. */
  #onCancel(id: string, entry: FakeEntry | undefined): void {
    if (entry === undefined) return this.send({ t: "result", id, ok: false, error: NOT_BEGUN, replay: false });
    if (entry.end === undefined && entry.backgroundId !== this.#backgroundId) entry.end = interruptedEnd;
    if (entry.end === undefined) entry.abort.abort();
    else void this.#sendResult(entry, entry.end, true);
  }

  #run(command: FakeCommand): void {
    this.executed.push(command);
    const abort = new AbortController();
    const entry: FakeEntry = { command, backgroundId: this.#backgroundId, abort, text: "", nextChunk: 0 };
    this.journal.set(command.id, entry);
    const script = this.scripts[command.method] ?? unsupported;
    const chunk = (from: number, text: string): void => {
      entry.text = entry.text.slice(0, from) + text;
      this.#sendChunk(entry, from);
    };
    const work = async (): Promise<unknown> => script(command, { signal: abort.signal, chunk });
    void work()
      .then(
        (value): FakeEnd => ({ value }),
        (error: unknown): FakeEnd => ({ error: errorOf(error) }),
      )
      .then((end) => {
        if (entry.backgroundId !== this.#backgroundId) return undefined; // it died with its page
        entry.end = end;
        return this.#sendResult(entry, end, false);
      });
  }

  #sendChunk(entry: FakeEntry, from: number): void {
    this.send({ t: "chunk", id: entry.command.id, n: entry.nextChunk++, from, text: entry.text.slice(from) });
  }

  async #sendResult(entry: FakeEntry, end: FakeEnd, replay: boolean): Promise<void> {
    const { id } = entry.command;
    if ("error" in end) return this.send({ t: "result", id, ok: false, error: end.error, replay });
    const text = JSON.stringify(end.value) ?? "null";
    if (text.length <= INLINE_CHARS) return this.send({ t: "result", id, ok: true, value: end.value, replay });
    const link = this.#link;
    const of = Math.ceil(text.length / PART_CHARS);
    for (let n = 0; n < of; n += 1) {
      while ((link?.socket.bufferedAmount ?? 0) > BUFFERED_BYTES) await sleep(5);
      link?.send({ t: "part", id, n, of, data: text.slice(n * PART_CHARS, (n + 1) * PART_CHARS) });
    }
    link?.send({ t: "result", id, ok: true, parts: of, replay });
  }
}

const NOT_BEGUN = { code: "cancelled", message: "It was cancelled before it had begun.", outcome: "notDone" };

const unsupported: FakeScript = () => {
  throw new FakeRefusal("unsupported");
};

const errorOf = (error: unknown): Readonly<Record<string, unknown>> =>
  error instanceof FakeRefusal ? error.error : { code: "internal", message: String(error), outcome: "unknown" };
