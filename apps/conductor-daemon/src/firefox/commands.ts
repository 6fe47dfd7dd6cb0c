import {
  type FirefoxCommandInput,
  type FirefoxCommandStep,
  type FirefoxError,
  isOpenCommand,
  type ServerFrameOf,
  stepFirefoxCommand,
} from "@baa/contracts/firefox";
import type { Outbox } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import type { CommandEnd, CommandHead, CommandRows, NewCommand } from "./command-rows.ts";
import type { SiteRules } from "./site-rules.ts";
import { type Tell, teller } from "./teller.ts";

export interface CommandsOptions {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly rows: CommandRows;
  readonly sites: Pick<SiteRules, "ask">;
  readonly nowMs: () => number;
}

/** A command has ended, and that is on disk. */
export interface EndedCommand {
  readonly id: string;
  readonly clientId: string;
  readonly method: string;
  readonly state: string;
  /** 0 without a result. */
  readonly resultChars: number;
}

/** What came of a command's work, when it has a result. */
export type ResultText = Pick<CommandEnd, "result" | "resultChars">;

/**
 * What becomes of commands: every change of a state goes through here and through `stepFirefoxCommand`, in one
 * transaction with the event that tells of it.
 */
export class Commands {
  readonly #o: CommandsOptions;
  readonly #tell: Tell;
  readonly #onEnded: ((ended: EndedCommand) => void)[] = [];

  constructor(o: CommandsOptions) {
    this.#o = o;
    this.#tell = teller(o);
  }

  /** Called after the commit. */
  onEnded(listener: (ended: EndedCommand) => void): void {
    this.#onEnded.push(listener);
  }

  /** Only inside `Store.write`. */
  add(command: NewCommand): void {
    this.#o.rows.insert(command);
    const { id, clientId, method, effect, askedBy } = command;
    this.#tell("firefox.command.queued", { commandId: id, clientId, method, effect, by: askedBy });
  }

  /** The command, if it has not ended and is this browser's. */
  openHead(clientId: string, id: string): CommandHead | undefined {
    const head = this.#o.rows.head(id);
    return head !== undefined && head.client_id === clientId && isOpenCommand(head.state) ? head : undefined;
  }

  /** Only inside `Store.write`: it goes to the browser with what is returned, once that is on disk. */
  deliver(head: CommandHead, ttlMs: number): { frame: ServerFrameOf<"cmd">; paramsChars: number } {
    const { rows } = this.#o;
    const { state } = stepFirefoxCommand(head, { kind: "sent" });
    rows.setSent(head.id, state);
    const text = rows.paramsOf(head.id);
    const params = JSON.parse(text) as Record<string, unknown>;
    const { id, method, effect } = head;
    const frame = { t: "cmd", id, method, params, effect, ttlMs: Math.ceil(ttlMs) } as const;
    return { frame, paramsChars: text.length };
  }

  /** Only inside `Store.write`. Undefined for a command that has ended, or that nobody knows. */
  apply(id: string, input: FirefoxCommandInput, result: ResultText = {}): FirefoxCommandStep | undefined {
    const { rows } = this.#o;
    const head = rows.head(id);
    if (head === undefined || !isOpenCommand(head.state)) return undefined;
    const step = stepFirefoxCommand(head, input);
    if (!isOpenCommand(step.state)) {
      this.#end(head, { ...result, state: step.state, error: input.kind === "result" ? input.error : step.error });
    } else if (step.state !== head.state) {
      rows.setState(id, step.state);
      this.#tell("firefox.command.running", { commandId: id, clientId: head.client_id, method: head.method });
    }
    return step;
  }

  /** Only inside `Store.write`. The text of a stream from `from` on is another now; `whole` is all of it. */
  setText(
    { id, client_id: clientId }: CommandHead,
    o: { from: number; text: string; whole: string; isTold: boolean },
  ): void {
    this.#o.rows.setText(id, o.whole);
    if (!o.isTold) return;
    this.#tell("firefox.command.chunk", { commandId: id, clientId, from: o.from, text: o.text });
  }

  #end(head: CommandHead, end: CommandEnd): void {
    const { rows, sites, store } = this.#o;
    rows.end(head.id, end);
    const { id, client_id: clientId, method } = head;
    const ended = { id, clientId, method, state: end.state, resultChars: end.resultChars ?? 0 };
    const { error } = end;
    this.#tell("firefox.command.ended", {
      commandId: id,
      clientId,
      method,
      state: end.state,
      ...(error === undefined ? {} : { error }),
    });
    if (isSiteQuestion(error)) sites.ask(clientId, error.site);
    store.afterCommit(() => {
      for (const listener of this.#onEnded) listener(ended);
    });
  }
}

const isSiteQuestion = (error: FirefoxError | undefined): error is FirefoxError & { site: string } =>
  error?.code === "site_not_allowed" && error.site !== undefined;
