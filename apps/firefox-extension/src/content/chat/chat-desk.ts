import type { FirefoxParams, FirefoxResult, SiteAdapter } from "@baa/contracts/firefox";
import { MethodFault } from "../../shared/method-fault.ts";
import type { PageReply } from "../../shared/page-messages.ts";
import { clickElement } from "../click.ts";
import { failed } from "../outcomes.ts";
import { type CallMessage, requireAdapter } from "../work.ts";
import { ChatRun } from "./chat-run.ts";
import type { Tell } from "./chat-teller.ts";
import { markHere, markMissing } from "./marks.ts";

/** Chats that are over and may still be asked for. */
const KEPT = 8;

/** The chats of this page: one at a time; those that are over are kept for a background that has missed their end. */
export class ChatDesk {
  readonly #tell: Tell;
  readonly #runs = new Map<string, ChatRun>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** Begins a chat, or says again what is known of it: a prompt is never sent twice. */
  send(call: CallMessage): PageReply {
    const known = this.#runs.get(call.id);
    if (known !== undefined) return this.#retell(known);
    try {
      if ([...this.#runs.values()].some((run) => !run.isOver)) {
        throw new MethodFault("chat_busy", "Another prompt is being answered in this tab.");
      }
      const { text } = call.params as FirefoxParams<"chat.send">;
      const run = new ChatRun({ id: call.id, prompt: text, adapter: requireAdapter(call), tell: this.#tell });
      this.#keep(call.id, run);
      void run.run();
      return { kind: "working" };
    } catch (error) {
      return failed(error, call);
    }
  }

  attach(id: string): PageReply {
    const run = this.#runs.get(id);
    return run === undefined ? { kind: "unknown" } : this.#retell(run);
  }

  cancel(id: string): void {
    this.#runs.get(id)?.cancel();
  }

  /** Presses the page's stop button, whoever sent what it answers. @throws MethodFault adapter_mark */
  stop(adapter: SiteAdapter): FirefoxResult<"chat.stop"> {
    const isRunning = [...this.#runs.values()].some((run) => !run.isOver);
    const stop = markHere(adapter.stop);
    if (stop !== undefined) clickElement(stop);
    else if (isRunning || markHere(adapter.busy) !== undefined) throw markMissing(adapter, "stop", "notDone");
    return { wasBusy: stop !== undefined };
  }

  #retell(run: ChatRun): PageReply {
    run.retell();
    return { kind: "working" };
  }

  #keep(id: string, run: ChatRun): void {
    this.#runs.set(id, run);
    for (const old of this.#runs.keys()) {
      if (this.#runs.size <= KEPT) return;
      this.#runs.delete(old);
    }
  }
}
