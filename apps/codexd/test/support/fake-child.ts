import type { ChildExit } from "@baa/codex-app-server";
import type { CodexChild } from "../../src/child/codex-child.ts";

export interface Sent {
  readonly method: string;
  readonly params: Record<string, unknown>;
}
type Answer = (params: Record<string, unknown>) => unknown;

/** What the services use of CodexChild: answers are set by method, everything asked is kept in `sent`. */
export class FakeChild {
  readonly sent: Sent[] = [];
  isReady = true;
  takesTurns = true;
  generation = 1;
  notReadyMs = 0;
  lastExit: ChildExit | undefined;
  ensureReady: () => Promise<void> = async () => undefined;
  readonly loaded = new Set<string>();
  /** When a loaded thread was of use last; unless a test says so, at 0. */
  readonly usedAtMs = new Map<string, number>();
  readonly touched: string[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #ready = new Set<(generation: number) => void>();
  readonly #exit = new Set<(exit: ChildExit) => void>();
  readonly #waiting: { method: string; resolve: (sent: Sent) => void }[] = [];

  /** The services take the class; its private parts are not theirs to use. */
  get port(): CodexChild {
    return this as unknown as CodexChild;
  }

  answer(method: string, answer: Answer): this {
    this.#answers.set(method, answer);
    return this;
  }

  /** Holds the answer to `method` back until the returned functions settle it. */
  hold(method: string): { resolve: (result: unknown) => void; reject: (error: Error) => void } {
    let resolve!: (result: unknown) => void;
    let reject!: (error: Error) => void;
    const promise = new Promise<unknown>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    this.#answers.set(method, () => promise);
    return { resolve, reject };
  }

  /** Resolves when `method` was, or had been, asked. */
  asked(method: string): Promise<Sent> {
    const found = this.sent.find((each) => each.method === method);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => this.#waiting.push({ method, resolve }));
  }

  methods(): string[] {
    return this.sent.map(({ method }) => method);
  }

  request = async (method: string, params: Record<string, unknown>): Promise<unknown> => {
    const sent = { method, params };
    this.sent.push(sent);
    for (const waiting of this.#waiting) if (waiting.method === method) waiting.resolve(sent);
    const answer = this.#answers.get(method);
    if (!answer) throw new Error(`the test has no answer to ${method}`);
    return { result: await answer(params), generation: this.generation };
  };

  isLoaded(threadId: string): boolean {
    return this.loaded.has(threadId);
  }

  markLoaded(threadId: string, loaded: boolean): void {
    if (loaded) this.loaded.add(threadId);
    else this.loaded.delete(threadId);
  }

  touch(threadId: string): void {
    this.touched.push(threadId);
  }

  get loadedThreads(): { threadId: string; usedAtMs: number }[] {
    return [...this.loaded]
      .map((threadId) => ({ threadId, usedAtMs: this.usedAtMs.get(threadId) ?? 0 }))
      .toSorted((a, b) => a.usedAtMs - b.usedAtMs);
  }

  onReady(listener: (generation: number) => void): void {
    this.#ready.add(listener);
  }

  onExit(listener: (exit: ChildExit) => void): void {
    this.#exit.add(listener);
  }

  becomeReady(generation: number): void {
    this.generation = generation;
    this.isReady = true;
    this.notReadyMs = 0;
    for (const listener of this.#ready) listener(generation);
  }

  /** The reply of thread/start and thread/resume for the session of the tests. */
  answerThreads(echo: Record<string, unknown> = {}): this {
    const reply: Answer = ({ threadId }) => ({
      thread: { id: threadId ?? "thr_1" },
      cwd: "/home/u/project",
      model: "gpt-test",
      approvalPolicy: "on-request",
      sandbox: { type: "readOnly" },
      ...echo,
    });
    return this.answer("thread/start", reply).answer("thread/resume", reply);
  }
}
