import type { FirefoxResult, SiteAdapter } from "@baa/contracts/firefox";
import { MethodFault } from "../../shared/method-fault.ts";
import { waitUntil } from "../changes.ts";
import { clickElement, pressEnter } from "../click.ts";
import { type Editor, isSameText } from "../editor/editor.ts";
import { editorOf } from "../editor/editor-of.ts";
import { faultOf } from "../outcomes.ts";
import { AnswerWatch } from "./answer-watch.ts";
import { ChatTeller, type Tell } from "./chat-teller.ts";
import { loginOf } from "./login-state.ts";
import { markHere, markMissing } from "./marks.ts";

/** How long an editor may take to hold a prompt, a button to be ready for it, a page to show that it was sent. */
const HELD_MS = 3_000;
const READY_MS = 5_000;
const SENT_MS = 10_000;

export interface ChatOrder {
  readonly id: string;
  readonly prompt: string;
  readonly adapter: SiteAdapter;
  readonly tell: Tell;
}

/**
 * A prompt on its way to a web AI and its answer on the way back. It lives in the page, so that the background may come
 * and go. What fails before the send button is pressed has not been done; what fails after it says so.
 */
export class ChatRun {
  readonly #order: ChatOrder;
  readonly #teller: ChatTeller;
  readonly #abort = new AbortController();
  readonly #input: HTMLElement;
  readonly #editor: Editor;
  #watch: AnswerWatch | undefined;
  #outcome: MethodFault["outcome"] = "notDone";

  /** Looks whether it can begin. @throws MethodFault invalid, not_logged_in, chat_busy, adapter_mark, not_editable, not_sent */
  constructor(order: ChatOrder) {
    const { adapter, id, prompt, tell } = order;
    if (prompt.trim() === "") throw new MethodFault("invalid", "The prompt is empty.");
    if (loginOf(adapter) === "out") {
      throw new MethodFault("not_logged_in", `The user is not logged in at ${adapter.title}.`, { site: location.host });
    }
    if (markHere(adapter.busy) !== undefined) {
      throw new MethodFault("chat_busy", "The page is still answering.");
    }
    const input = markHere(adapter.input);
    if (input === undefined) throw markMissing(adapter, "input", "notDone");
    const editor = editorOf(input);
    if (editor === undefined)
      throw new MethodFault("not_editable", "The page's editor takes no text.", { mark: "input" });
    if (editor.text().trim() !== "") {
      throw new MethodFault("not_sent", "The editor holds a text of the user's; send or remove it first.");
    }
    this.#order = order;
    this.#input = input;
    this.#editor = editor;
    this.#teller = new ChatTeller(id, tell);
  }

  get isOver(): boolean {
    return this.#teller.isOver;
  }

  /** Works until it is over and tells how that was. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.#put();
      const button = await this.#readyButton();
      await this.#send(button);
      const value = await this.#follow();
      this.#teller.end({ ok: true, value });
    } catch (error) {
      this.#teller.end({ ok: false, error: faultOf(error, this.#outcome).toError() });
    } finally {
      this.#watch?.dispose();
    }
  }

  /** Stops the answer with the page's own button, if it goes on. */
  cancel(): void {
    this.#abort.abort();
  }

  retell(): void {
    this.#teller.retell();
  }

  async #put(): Promise<void> {
    const { prompt } = this.#order;
    const isHeld = () => (isSameText(this.#editor.text(), prompt) ? true : undefined);
    await this.#editor.insert(prompt, { append: false });
    if ((await waitUntil(isHeld, { timeoutMs: HELD_MS, signal: this.#abort.signal })) === true) return;
    await this.#takeBack();
    this.#throwIfCancelled();
    throw new MethodFault("not_sent", "The editor did not take the prompt as it is; it was not sent.");
  }

  /** The button; undefined when the site is sent to by Enter. */
  async #readyButton(): Promise<HTMLElement | undefined> {
    const { adapter } = this.#order;
    if (adapter.send === undefined) return undefined;
    const find = () => {
      const button = markHere(adapter.send);
      return button?.matches(':disabled, [aria-disabled="true"]') === false ? button : undefined;
    };
    const button = await waitUntil(find, { timeoutMs: READY_MS, signal: this.#abort.signal });
    if (button !== undefined) return button;
    const isDisabled = markHere(adapter.send) !== undefined;
    await this.#takeBack();
    this.#throwIfCancelled();
    throw isDisabled
      ? new MethodFault("not_sent", "The page did not enable its send button.", { mark: "send" })
      : markMissing(adapter, "send", "notDone");
  }

  /** From here on nobody can say that nothing was done. */
  async #send(button: HTMLElement | undefined): Promise<void> {
    const { adapter, prompt } = this.#order;
    if (this.#abort.signal.aborted) await this.#takeBack();
    this.#throwIfCancelled();
    if (!isSameText(this.#editor.text(), prompt)) {
      throw new MethodFault("not_sent", "Somebody changed the prompt in the editor before it was sent.");
    }
    this.#watch = new AnswerWatch(adapter);
    this.#outcome = "unknown";
    if (button === undefined) pressEnter(this.#input);
    else clickElement(button);
    const watch = this.#watch;
    const isSent = () => (watch.hasBegun() || this.#isEmptied() ? true : undefined);
    // Not abortable: whether it was sent is worth these seconds.
    const { signal } = new AbortController();
    if ((await waitUntil(isSent, { timeoutMs: SENT_MS, signal })) === undefined) {
      throw new MethodFault("timeout", "The prompt was sent off, but the page does not show that it took it.", {
        outcome: "unknown",
      });
    }
  }

  async #follow(): Promise<FirefoxResult<"chat.send">> {
    const { adapter } = this.#order;
    const watch = this.#watch;
    if (watch === undefined) throw new MethodFault("internal", "Nothing was sent.");
    const end = await watch.follow((text) => this.#teller.text(text), this.#abort.signal);
    if (end === "cancelled") {
      const stop = markHere(adapter.stop);
      if (stop !== undefined) clickElement(stop);
      throw new MethodFault("cancelled", "The prompt was sent; its answer was cancelled.", { outcome: "done" });
    }
    if (end === "no answer") throw markMissing(adapter, "answer", "done");
    return { adapter: adapter.name, url: location.href, text: watch.text, wasStopped: watch.wasStopped };
  }

  #isEmptied(): boolean {
    const input = markHere(this.#order.adapter.input);
    return input !== undefined && editorOf(input)?.text() === "";
  }

  /** What we put there would stand in the way of the user and of the next prompt. */
  async #takeBack(): Promise<void> {
    await this.#editor.insert("", { append: false });
  }

  #throwIfCancelled(): void {
    if (this.#abort.signal.aborted) throw new MethodFault("cancelled", "It was cancelled before it was sent.");
  }
}
