import {
  actionFor,
  type FirefoxCommandInput,
  type FirefoxCommandState,
  type FirefoxError,
  isOpenCommand,
  type JournalEntryState,
  stepFirefoxCommand,
} from "../../src/firefox/index.ts";

export type Down = "cmd" | "cancel" | "resultAck";
export type Up =
  | { readonly t: "accepted" }
  | { readonly t: "result"; readonly error?: FirefoxError }
  | { readonly t: "journal" };

const UNKNOWN: FirefoxError = { code: "interrupted", message: "m", outcome: "unknown" };
const CANCELLED: FirefoxError = { code: "cancelled", message: "m", outcome: "notDone" };

/**
 * One command between a server that forgets nothing and a browser whose background, page and socket may die at any
 * moment. Both go by the machines of the contract; `effects` counts what was really done.
 */
export class DeliveryModel {
  readonly effect: "read" | "write";
  readonly isInPage: boolean;
  state: FirefoxCommandState = "queued";
  outcome: FirefoxError["outcome"] | undefined;
  ends = 0;
  effects = 0;
  /** What is on its way; undefined without a connection. */
  wire: { down: Down[]; up: Up[] } | undefined;
  /** In the browser's storage: survives every death of it. */
  #entry: { state: JournalEntryState; by: number; error?: FirefoxError } = { state: "absent", by: 0 };
  #background = 1;
  /** Who works on it: the background or the page; and whether the effect has been done. */
  #work: { isDone: boolean } | undefined;

  constructor(o: { effect: "read" | "write"; isInPage: boolean }) {
    this.effect = o.effect;
    this.isInPage = o.isInPage;
  }

  /** After a welcome: the journal is told, and what is open is sent (again), first noted and then sent. */
  connect(): void {
    if (this.wire !== undefined) return;
    this.wire = { down: [], up: this.#entry.state === "absent" ? [] : [{ t: "journal" }] };
    if (!isOpenCommand(this.state)) return;
    this.input({ kind: "sent" });
    this.wire.down.push("cmd");
  }

  cut(): void {
    this.wire = undefined;
  }

  /** The background dies, and with it its socket and what it worked on; a page goes on by itself. */
  killBackground(): void {
    this.cut();
    this.#background += 1;
    if (!this.isInPage) this.#work = undefined;
  }

  /** The tab is closed: a background that waits for it hears of that, another finds nothing to attach to. */
  killPage(): void {
    if (!this.isInPage || this.#work === undefined) return;
    this.#work = undefined;
    if (this.#entry.by === this.#background) this.#end(UNKNOWN);
  }

  /** The work's one effect, then its end: written down before it is told. */
  work(): void {
    if (this.#work === undefined) return;
    if (!this.#work.isDone) {
      this.#work.isDone = true;
      this.effects += 1;
    } else if (this.#entry.by === this.#background) {
      this.#end();
    }
  }

  input(input: FirefoxCommandInput): void {
    const before = this.state;
    const step = stepFirefoxCommand({ state: this.state, effect: this.effect }, input);
    this.state = step.state;
    if (step.tellBrowser !== undefined) this.wire?.down.push(step.tellBrowser);
    if (isOpenCommand(before) && !isOpenCommand(this.state)) {
      this.ends += 1;
      this.outcome = (input.kind === "result" ? input.error : step.error)?.outcome ?? "done";
    }
  }

  toServer(): void {
    const frame = this.wire?.up.shift();
    if (frame === undefined) return;
    if (frame.t === "accepted") this.input({ kind: "accepted" });
    if (frame.t === "result") this.input({ kind: "result", error: frame.error });
    if (frame.t !== "accepted" && !isOpenCommand(this.state)) this.wire?.down.push("resultAck");
  }

  toBrowser(): void {
    const frame = this.wire?.down.shift();
    if (frame === "resultAck") this.#entry = { state: "absent", by: 0 };
    if (frame === "cancel" && this.#work?.isDone === false) {
      this.#work = undefined;
      this.#end(CANCELLED);
    }
    if (frame === "cmd") this.#take();
  }

  #take(): void {
    const { state, by } = this.#entry;
    const isOurs = by === this.#background;
    switch (actionFor({ state, isOurs, effect: this.effect, isInPage: this.isInPage })) {
      case "run":
        this.#entry = { state: "started", by: this.#background };
        this.#work = { isDone: false };
        this.wire?.up.push({ t: "accepted" });
        break;
      case "accept":
        this.wire?.up.push({ t: "accepted" });
        break;
      case "replay":
        this.#tell();
        break;
      case "attach":
        this.#entry = { state: "started", by: this.#background };
        if (this.#work === undefined) this.#end(UNKNOWN);
        else this.wire?.up.push({ t: "accepted" });
        break;
      case "interrupt":
        this.#end(UNKNOWN);
        break;
    }
  }

  #end(error?: FirefoxError): void {
    this.#work = undefined;
    if (this.#entry.state !== "started") return; // the server wants to hear no more of it
    this.#entry = { state: "done", by: this.#background, ...(error === undefined ? {} : { error }) };
    this.#tell();
  }

  #tell(): void {
    const { error } = this.#entry;
    this.wire?.up.push({ t: "result", ...(error === undefined ? {} : { error }) });
  }
}
