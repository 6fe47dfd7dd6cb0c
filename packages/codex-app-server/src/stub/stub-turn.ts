import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { ThreadItem } from "../generated/v2/ThreadItem.ts";
import type { Turn } from "../generated/v2/Turn.ts";
import type { UserInput } from "../generated/v2/UserInput.ts";
import { type StoredThread, agentMessage, commandItem, newTurn, seconds, userMessage } from "./thread-store.ts";

/** What a turn needs of the rest of the stub. */
export interface TurnHost {
  notify(method: string, params: unknown): void;
  /** Sends a request to the client and resolves with its result, or rejects with its error. */
  ask(method: string, params: unknown): { id: number; answer: Promise<unknown> };
  save(): void;
  crash(): void;
  deltaMs: number;
}

/** One turn that streams `stub says: <input>` in small pieces. */
export class StubTurn {
  readonly turn: Turn = newTurn();
  readonly #thread: StoredThread;
  readonly #host: TurnHost;
  #stream = new AbortController();

  constructor(thread: StoredThread, host: TurnHost) {
    this.#thread = thread;
    this.#host = host;
    thread.turns.push(this.turn);
  }

  begin(input: UserInput[], clientId: string | null): void {
    const { id: threadId } = this.#thread;
    this.#host.notify("thread/status/changed", { threadId, status: { type: "active", activeFlags: [] } });
    this.#host.notify("turn/started", { threadId, turn: { ...this.turn, items: [] } });
    this.#accept(input, clientId);
  }

  /** New input into the running turn: what was being said is dropped, as Codex does. */
  steer(input: UserInput[], clientId: string | null): void {
    this.#stream.abort();
    this.#accept(input, clientId);
  }

  interrupt(): void {
    this.#stream.abort();
    this.#end("interrupted");
  }

  /** The process is ending: say nothing more. */
  drop(): void {
    this.#stream.abort();
  }

  #accept(input: UserInput[], clientId: string | null): void {
    const item = userMessage(input, clientId);
    this.#started(item);
    this.#completed(item);
    this.#stream = new AbortController();
    void this.#run(textOf(input), this.#stream.signal).catch(() => undefined); // aborted: someone else ended it
  }

  async #run(text: string, signal: AbortSignal): Promise<void> {
    if (text.includes("[approval]") && !(await this.#approved(signal))) return;
    const id = randomUUID();
    const answer = `stub says: ${text}`;
    this.#started(agentMessage(id, ""));
    for (const [index, delta] of pieces(answer).entries()) {
      await delay(this.#host.deltaMs, undefined, { signal });
      this.#host.notify("item/agentMessage/delta", { ...this.#ids(), itemId: id, delta });
      if (index === 1 && text.includes("[crash]")) this.#host.crash();
      if (index === 1 && text.includes("[hang]")) await delay(2 ** 31 - 1, undefined, { signal, ref: false });
    }
    this.#completed(agentMessage(id, answer));
    this.#end("completed");
  }

  /** Asks for a command; false when the answer ended the turn. */
  async #approved(signal: AbortSignal): Promise<boolean> {
    const { id: threadId, cwd } = this.#thread;
    const id = randomUUID();
    const active = (activeFlags: string[]): void =>
      this.#host.notify("thread/status/changed", { threadId, status: { type: "active", activeFlags } });
    active(["waitingOnApproval"]);
    this.#started(commandItem({ id, cwd, status: "inProgress" }));
    const command = "/bin/bash -lc 'echo stub'";
    const params = {
      kind: "command",
      ...this.#ids(),
      itemId: id,
      startedAtMs: Date.now(),
      environmentId: null,
      command,
      cwd,
    };
    const asked = this.#host.ask("item/commandExecution/requestApproval", params);
    const decision = decisionOf(await Promise.race([asked.answer.catch(() => undefined), aborted(signal)]));
    this.#host.notify("serverRequest/resolved", { threadId, requestId: asked.id });
    signal.throwIfAborted();
    const accepted = decision === "accept" || decision === "acceptForSession";
    this.#completed(commandItem({ id, cwd, status: accepted ? "completed" : "declined" }));
    if (decision === "cancel") {
      this.#end("interrupted");
      return false;
    }
    active([]);
    return true;
  }

  #end(status: "completed" | "interrupted"): void {
    if (this.turn.status !== "inProgress") return;
    this.turn.status = status;
    this.turn.completedAt = seconds();
    this.#host.save();
    const { id: threadId } = this.#thread;
    const last = status === "completed" ? this.turn.items.slice(-1) : [];
    this.#host.notify("thread/status/changed", { threadId, status: { type: "idle" } });
    this.#host.notify("turn/completed", { threadId, turn: { ...this.turn, items: last, itemsView: "summary" } });
  }

  #started(item: ThreadItem): void {
    this.#host.notify("item/started", { ...this.#ids(), item, startedAtMs: Date.now() });
  }

  #completed(item: ThreadItem): void {
    this.turn.items.push(item);
    this.#host.save();
    this.#host.notify("item/completed", { ...this.#ids(), item, completedAtMs: Date.now() });
  }

  #ids(): { threadId: string; turnId: string } {
    return { threadId: this.#thread.id, turnId: this.turn.id };
  }
}

function textOf(input: UserInput[]): string {
  return input.map((part) => (part.type === "text" ? part.text : `<${part.type}>`)).join(" ");
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
}

function decisionOf(answer: unknown): unknown {
  return (answer as { decision?: unknown } | undefined)?.decision;
}

/** The text in pieces of at most eight characters (whole code points). */
function pieces(text: string): string[] {
  const points = Array.from(text);
  const parts: string[] = [];
  for (let at = 0; at < points.length; at += 8) parts.push(points.slice(at, at + 8).join(""));
  return parts;
}
