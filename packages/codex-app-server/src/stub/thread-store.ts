import { randomUUID } from "node:crypto";
import fs from "node:fs";
import type { Thread } from "../generated/v2/Thread.ts";
import type { ThreadItem } from "../generated/v2/ThreadItem.ts";
import type { Turn } from "../generated/v2/Turn.ts";
import type { UserInput } from "../generated/v2/UserInput.ts";

/** A thread as the stub remembers it: like Codex, only completed items and only once a turn has begun. */
export interface StoredThread {
  id: string;
  cwd: string;
  approvalPolicy: "untrusted" | "on-request" | "never";
  sandbox: "read-only" | "workspace-write" | "danger-full-access";
  createdAt: number;
  name: string | null;
  turns: Turn[];
}

/** Threads by id, kept in one JSON file when given one, so that a restarted stub knows them again. */
export class ThreadStore {
  readonly #file: string | undefined;
  readonly #threads = new Map<string, StoredThread>();

  constructor(file: string | undefined) {
    this.#file = file;
    for (const thread of load(file)) {
      for (const turn of thread.turns) if (turn.status === "inProgress") turn.status = "interrupted";
      this.#threads.set(thread.id, thread);
    }
  }

  find(id: unknown): StoredThread | undefined {
    return typeof id === "string" ? this.#threads.get(id) : undefined;
  }

  list(): StoredThread[] {
    return [...this.#threads.values()].filter((thread) => thread.turns.length > 0);
  }

  create(o: Partial<Pick<StoredThread, "cwd" | "approvalPolicy" | "sandbox">>): StoredThread {
    const thread: StoredThread = {
      id: randomUUID(),
      cwd: o.cwd ?? "/",
      approvalPolicy: o.approvalPolicy ?? "on-request",
      sandbox: o.sandbox ?? "read-only",
      createdAt: seconds(),
      name: null,
      turns: [],
    };
    this.#threads.set(thread.id, thread);
    return thread;
  }

  /** Keeps what has a turn; a thread that never ran is forgotten with the process, as Codex does. */
  save(): void {
    if (this.#file !== undefined) fs.writeFileSync(this.#file, JSON.stringify(this.list()));
  }
}

function load(file: string | undefined): StoredThread[] {
  if (file === undefined || !fs.existsSync(file)) return [];
  return JSON.parse(fs.readFileSync(file, "utf8")) as StoredThread[];
}

export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

export function newTurn(): Turn {
  const id = randomUUID();
  return {
    id,
    rootTurnId: id,
    items: [],
    itemsView: "full",
    status: "inProgress",
    error: null,
    startedAt: seconds(),
    completedAt: null,
    durationMs: null,
  };
}

export function userMessage(content: UserInput[], clientId: string | null): ThreadItem {
  return { type: "userMessage", id: randomUUID(), clientId, content };
}

export function agentMessage(id: string, text: string): ThreadItem {
  return {
    type: "agentMessage",
    id,
    text,
    moderation: null,
    phase: null,
    memoryCitation: null,
    delivery: null,
    questions: null,
  };
}

export function commandItem(o: {
  id: string;
  cwd: string;
  status: "inProgress" | "completed" | "declined";
}): ThreadItem {
  const { id, cwd, status } = o;
  return {
    type: "commandExecution",
    id,
    pluginId: null,
    scriptPath: null,
    command: "/bin/bash -lc 'echo stub'",
    cwd,
    processId: null,
    source: "agent",
    status,
    commandActions: [],
    aggregatedOutput: status === "completed" ? "stub\n" : null,
    exitCode: status === "completed" ? 0 : null,
    durationMs: null,
  };
}

/** The thread as Codex writes it on the wire. */
export function wireThread(thread: StoredThread, o: { active: boolean; turns: boolean }): Thread {
  return {
    id: thread.id,
    environments: null,
    extra: null,
    sessionId: thread.id,
    forkedFromId: null,
    attachedToThreadId: null,
    parentThreadId: null,
    preview: "",
    ephemeral: false,
    section: null,
    sectionEnteredAt: null,
    projectId: null,
    historyMode: "paginated",
    modelProvider: "stub",
    model: "stub-model",
    reasoningEffort: null,
    createdAt: thread.createdAt,
    updatedAt: thread.createdAt,
    recencyAt: null,
    status: o.active ? { type: "active", activeFlags: [] } : { type: "idle" },
    path: null,
    cwd: thread.cwd,
    cliVersion: "0.0.0-stub",
    originator: null,
    source: "vscode",
    canAcceptDirectInput: true,
    threadSource: null,
    agentNickname: null,
    agentRole: null,
    gitInfo: null,
    name: thread.name,
    daybreakEnabled: null,
    turns: o.turns ? thread.turns : [],
  };
}
