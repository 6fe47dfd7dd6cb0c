import type { Readable, Writable } from "node:stream";
import type { UserInput } from "../generated/v2/UserInput.ts";
import { StubTurn, type TurnHost } from "./stub-turn.ts";
import { type StoredThread, ThreadStore, wireThread } from "./thread-store.ts";
import { type WireMessage, readMessages, writeMessage } from "./wire.ts";

export interface StubOptions {
  stdin: Readable;
  stdout: Writable;
  /** Where threads that had a turn are kept; without it they die with the stub. */
  stateFile?: string;
  /** Ends the process as a crash does, for the input `[crash]`. */
  crash: () => void;
  /** Pause before each delta, in ms. */
  deltaMs?: number;
}

/** An error reply in the making; like Codex, everything is -32600. */
class Refusal extends Error {
  override readonly name = "Refusal";
}

type Params = Record<string, unknown>;

/**
 * A tiny stand-in for `codex app-server`: threads and turns that stream `stub says: <input>`.
 * Inputs with a meaning: `[crash]` dies mid-turn, `[hang]` stops until interrupted or steered, `[approval]` asks first.
 * Resolves when stdin ends.
 */
export function runStub(o: StubOptions): Promise<void> {
  const stub = new Stub(o);
  return new Promise((resolve) => {
    const onEnd = (): void => {
      stub.drop();
      resolve();
    };
    readMessages(o.stdin, (message) => stub.receive(message), onEnd);
  });
}

class Stub {
  readonly #stdout: Writable;
  readonly #store: ThreadStore;
  readonly #host: TurnHost;
  readonly #running = new Map<string, StubTurn>();
  readonly #loaded = new Set<string>();
  readonly #asked = new Map<number | string, { resolve(result: unknown): void; reject(error: unknown): void }>();
  readonly #methods: Readonly<Record<string, (params: Params) => unknown>>;
  #nextId = 0;
  #initialized = false;

  constructor(o: StubOptions) {
    this.#stdout = o.stdout;
    this.#store = new ThreadStore(o.stateFile);
    this.#host = {
      notify: (method, params) => this.#notify(method, params),
      ask: (method, params) => this.#ask(method, params),
      save: () => this.#store.save(),
      crash: o.crash,
      deltaMs: o.deltaMs ?? 5,
    };
    this.#methods = {
      initialize: (params) => this.#initialize(params),
      "server/diagnostics": () => ({
        process: { id: process.pid, residentMemoryBytes: process.memoryUsage.rss(), physicalFootprintBytes: null },
        gauges: [{ name: "core.turns.active", value: this.#activeTurns() }],
      }),
      "account/read": () => ({ account: null, userId: null, requiresOpenaiAuth: false, workspaceRouting: null }),
      "model/list": () => ({ data: [], nextCursor: null }),
      "thread/start": (params) => this.#threadStart(params),
      "thread/resume": (params) => this.#threadResume(params),
      "thread/read": (params) => ({ thread: this.#wire(this.#stored(params), params["includeTurns"] === true) }),
      "thread/list": () => ({ data: this.#store.list().map((thread) => this.#wire(thread, false)), nextCursor: null }),
      "thread/loaded/list": () => ({ data: [...this.#loaded], nextCursor: null }),
      "thread/turns/list": (params) => this.#turnsList(params),
      "thread/backgroundTerminals/clean": () => ({}),
      "turn/start": (params) => this.#turnStart(params),
      "turn/steer": (params) => this.#turnSteer(params),
      "turn/interrupt": (params) => this.#turnInterrupt(params),
    };
  }

  receive(message: WireMessage): void {
    const { id, method } = message;
    if (method === undefined) this.#onReply(message);
    else if (id !== undefined) this.#onRequest(id, method, message.params ?? {});
  }

  /** Codex drains nothing when its stdin ends: running turns fall silent, and the process has nothing left to do. */
  drop(): void {
    for (const turn of this.#running.values()) turn.drop();
  }

  #onRequest(id: number | string, method: string, params: Params): void {
    try {
      if (!this.#initialized && method !== "initialize") throw new Refusal("Not initialized");
      const handle = Object.hasOwn(this.#methods, method) ? this.#methods[method] : undefined;
      if (handle === undefined) throw new Refusal(`Invalid request: unknown variant \`${method}\``);
      writeMessage(this.#stdout, { id, result: handle(params) });
      if (method === "turn/start") this.#begin(params);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      writeMessage(this.#stdout, { id, error: { code: -32600, message: error.message } });
    }
  }

  #onReply(message: WireMessage): void {
    if (message.id === undefined) return;
    const waiting = this.#asked.get(message.id);
    this.#asked.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.result);
    else waiting?.reject(message.error);
  }

  #notify(method: string, params: unknown): void {
    writeMessage(this.#stdout, { method, params: params as Params, emittedAtMs: Date.now() });
  }

  #ask(method: string, params: unknown): { id: number; answer: Promise<unknown> } {
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    writeMessage(this.#stdout, { id, method, params: params as Params });
    return { id, answer };
  }

  #initialize(params: Params): unknown {
    if (this.#initialized) throw new Refusal("Already initialized");
    this.#initialized = true;
    const name = (params["clientInfo"] as { name?: string } | undefined)?.name ?? "client";
    const platformOs = process.platform === "darwin" ? "macos" : process.platform;
    return { userAgent: `${name}/0.0.0-stub (stub)`, codexHome: "/", platformFamily: "unix", platformOs };
  }

  #threadStart(params: Params): unknown {
    const thread = this.#store.create(params);
    this.#loaded.add(thread.id);
    this.#notify("thread/started", { thread: this.#wire(thread, false) });
    return this.#opened(thread, false);
  }

  #threadResume(params: Params): unknown {
    const thread = this.#stored(params);
    if (thread.turns.length === 0) throw new Refusal(`no rollout found for thread id ${thread.id}`);
    this.#loaded.add(thread.id);
    return this.#opened(thread, params["excludeTurns"] !== true);
  }

  /** The common part of the replies to `thread/start` and `thread/resume`. */
  #opened(thread: StoredThread, turns: boolean): unknown {
    const { cwd, approvalPolicy } = thread;
    return {
      thread: this.#wire(thread, turns),
      model: "stub-model",
      modelProvider: "stub",
      serviceTier: null,
      disabledPluginIds: [],
      cwd,
      runtimeWorkspaceRoots: [cwd],
      instructionSources: [],
      approvalPolicy,
      approvalsReviewer: "user",
      sandbox: sandboxPolicy(thread.sandbox),
      activePermissionProfile: null,
      reasoningEffort: null,
      multiAgentMode: "explicitRequestOnly",
    };
  }

  #turnsList(params: Params): unknown {
    const newestFirst = [...this.#stored(params).turns].reverse();
    const data = params["sortDirection"] === "asc" ? newestFirst.reverse() : newestFirst;
    return { data, nextCursor: null, backwardsCursor: null };
  }

  /** The reply of `turn/start`; the turn itself begins after it was written. */
  #turnStart(params: Params): unknown {
    const thread = this.#loadedThread(params);
    const busy = this.#active(thread.id);
    const turn = busy ?? new StubTurn(thread, this.#host);
    this.#running.set(thread.id, turn);
    this.#store.save();
    return { turn: { ...turn.turn, items: [] } };
  }

  #begin(params: Params): void {
    const turn = this.#running.get(String(params["threadId"]));
    const input = inputOf(params);
    if (turn?.turn.items.length === 0) turn.begin(input, clientIdOf(params));
    else turn?.steer(input, clientIdOf(params));
  }

  #turnSteer(params: Params): unknown {
    const turn = this.#active(this.#loadedThread(params).id);
    if (turn === undefined) throw new Refusal("no active turn to steer");
    if (turn.turn.id !== params["expectedTurnId"]) {
      throw new Refusal(
        `expected active turn id \`${String(params["expectedTurnId"])}\` but found \`${turn.turn.id}\``,
      );
    }
    turn.steer(inputOf(params), clientIdOf(params));
    return { turnId: turn.turn.id };
  }

  #turnInterrupt(params: Params): unknown {
    const turn = this.#active(this.#loadedThread(params).id);
    if (turn === undefined || turn.turn.id !== params["turnId"]) throw new Refusal("no active turn to interrupt");
    turn.interrupt();
    return {};
  }

  #stored(params: Params): StoredThread {
    const thread = this.#store.find(params["threadId"]);
    if (thread === undefined) throw new Refusal(`no rollout found for thread id ${String(params["threadId"])}`);
    return thread;
  }

  #loadedThread(params: Params): StoredThread {
    const thread = this.#store.find(params["threadId"]);
    if (thread === undefined || !this.#loaded.has(thread.id)) {
      throw new Refusal(`thread not found: ${String(params["threadId"])}`);
    }
    return thread;
  }

  #active(threadId: string): StubTurn | undefined {
    const turn = this.#running.get(threadId);
    return turn?.turn.status === "inProgress" ? turn : undefined;
  }

  #activeTurns(): number {
    return [...this.#running.values()].filter((turn) => turn.turn.status === "inProgress").length;
  }

  #wire(thread: StoredThread, turns: boolean): unknown {
    return wireThread(thread, { active: this.#active(thread.id) !== undefined, turns });
  }
}

function sandboxPolicy(mode: StoredThread["sandbox"]): unknown {
  if (mode === "danger-full-access") return { type: "dangerFullAccess" };
  if (mode === "read-only") return { type: "readOnly", networkAccess: false };
  const rest = { networkAccess: false, excludeTmpdirEnvVar: false, excludeSlashTmp: false };
  return { type: "workspaceWrite", writableRoots: [], ...rest };
}

function inputOf(params: Params): UserInput[] {
  return Array.isArray(params["input"]) ? (params["input"] as UserInput[]) : [];
}

function clientIdOf(params: Params): string | null {
  return typeof params["clientUserMessageId"] === "string" ? params["clientUserMessageId"] : null;
}
