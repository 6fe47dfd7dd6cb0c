import { MethodFault } from "../shared/method-fault.ts";
import type { PageReply, ToPage } from "../shared/page-messages.ts";
import { ChatDesk } from "./chat/chat-desk.ts";
import type { Tell } from "./chat/chat-teller.ts";
import { failed } from "./outcomes.ts";
import { type CallMessage, work } from "./work.ts";

/** Takes what the background asks of this page. */
export class PageDesk {
  readonly #chats: ChatDesk;
  readonly #calls = new Map<string, AbortController>();

  constructor(tell: Tell) {
    this.#chats = new ChatDesk(tell);
  }

  handle(message: ToPage): Promise<PageReply> | undefined {
    switch (message.kind) {
      case "call":
        return this.#call(message);
      case "attach":
        return Promise.resolve(this.#chats.attach(message.id));
      case "cancel":
        this.#calls.get(message.id)?.abort();
        this.#chats.cancel(message.id);
        return undefined;
      case "ping":
        return Promise.resolve({ kind: "working" });
    }
  }

  async #call(call: CallMessage): Promise<PageReply> {
    if (call.site !== siteHere()) {
      return failed(new MethodFault("tab_closed", "The tab went to a page of another site."), call);
    }
    if (call.method === "chat.send") return this.#chats.send(call);
    const abort = new AbortController();
    this.#calls.set(call.id, abort);
    try {
      return { kind: "end", outcome: { ok: true, value: await work(call, this.#chats, abort.signal) } };
    } catch (error) {
      return failed(error, call);
    } finally {
      if (this.#calls.get(call.id) === abort) this.#calls.delete(call.id);
    }
  }
}

/** As `siteOf` of the contract, which would bring its schemas along. */
const siteHere = (): string | undefined =>
  location.protocol === "http:" || location.protocol === "https:" ? location.host.toLowerCase() : undefined;
