import type { Play, Step } from "./scenario.ts";

/** How the stand-in runs a turn. */
export interface TurnPlay {
  /** Deltas of the agent's message. Default `["Hello", " from", " the", " fake", " child."]`. */
  readonly deltas?: readonly string[];
  readonly intervalMs?: number;
  /** Steps before the first delta; `{{params.threadId}}`, `{{turnId}}` and `{{itemId}}` are known there. */
  readonly before?: readonly Step[];
  /** Steps after the last delta, with the message still open. */
  readonly middle?: readonly Step[];
  /** Instead of completing the item and the turn. */
  readonly end?: readonly Step[];
}

const DELTAS = ["Hello", " from", " the", " fake", " child."];
const HERE = { threadId: "{{params.threadId}}", turnId: "{{turnId}}" };

/**
 * The play of a well-behaved codex 0.169.0, in the shapes measured on the real one: handshake, threads, turns with
 * deltas, interrupt, reconciliation after a crash. Override single methods: `{...codexPlay(), on: {...codexPlay().on, ...}}`.
 */
export function codexPlay(turn: TurnPlay = {}, on: Readonly<Record<string, readonly Step[]>> = {}): Play {
  return { on: { ...SERVICE, ...THREADS, "turn/start": turnStart(turn), ...on } };
}

const SERVICE: Record<string, readonly Step[]> = {
  initialize: [
    {
      reply: {
        userAgent: "{{params.clientInfo.name}}/0.169.0 (Fake 1.0.0; x86_64) fake ({{params.clientInfo.name}}; 0)",
        codexHome: "{{codexHome}}",
        platformFamily: "unix",
        platformOs: "linux",
      },
    },
  ],
  initialized: [],
  "server/diagnostics": [{ reply: { process: { id: "{{pid}}", residentMemoryBytes: 1_000_000 }, gauges: [] } }],
  "account/read": [{ reply: { account: null, requiresOpenaiAuth: false } }],
  "model/list": [{ reply: { data: [], nextCursor: null } }],
};

const threadReply = (id: string): unknown => ({
  thread: { id, status: { type: "idle" }, cwd: '{{params.cwd|"/"}}', path: null, turns: [], cliVersion: "0.169.0" },
  model: '{{params.model|"fake-model"}}',
  modelProvider: "fake",
  cwd: '{{params.cwd|"/"}}',
  approvalPolicy: '{{params.approvalPolicy|"on-request"}}',
  sandbox: "{{sandbox}}",
  reasoningEffort: null,
});

const echoSandbox: Step = {
  when: {
    value: "{{params.sandbox}}",
    is: {
      "workspace-write": [{ set: { sandbox: { type: "workspaceWrite", networkAccess: false, writableRoots: [] } } }],
      "danger-full-access": [{ set: { sandbox: { type: "dangerFullAccess" } } }],
    },
    else: [{ set: { sandbox: { type: "readOnly", networkAccess: false } } }],
  },
};

const ifKnown = (steps: readonly Step[], message: string): Step => ({
  when: { value: "{{knows:params.threadId}}", is: { true: steps }, else: [{ error: { message } }] },
});

const THREADS: Record<string, readonly Step[]> = {
  "thread/start": [
    echoSandbox,
    { set: { threadId: "{{newId}}" } },
    { reply: threadReply("{{threadId}}") },
    { notify: { method: "thread/started", params: { thread: { id: "{{threadId}}" } } } },
  ],
  "thread/resume": [
    echoSandbox,
    ifKnown([{ reply: threadReply("{{params.threadId}}") }], "no rollout found for thread id {{params.threadId}}"),
  ],
  "thread/read": [
    ifKnown(
      [{ reply: { thread: { id: "{{params.threadId}}", status: { type: "idle" }, turns: [] } } }],
      "thread not loaded",
    ),
  ],
  "thread/turns/list": [
    ifKnown(
      [{ reply: { data: "{{turnsOf:params.threadId}}", nextCursor: null } }],
      "thread not found: {{params.threadId}}",
    ),
  ],
  "thread/loaded/list": [{ reply: { data: [], nextCursor: null } }],
  "thread/list": [{ reply: { data: [], nextCursor: null } }],
  "thread/unsubscribe": [{ reply: {} }],
  "thread/archive": [{ reply: {} }],
  "thread/backgroundTerminals/clean": [{ reply: {} }],
  "turn/steer": [{ reply: { turnId: "{{params.expectedTurnId}}" } }],
  "turn/interrupt": [
    { cancel: "{{params.threadId}}" },
    { reply: {} },
    { recordTurn: { threadId: "{{params.threadId}}", turn: turnOf("interrupted", "{{params.turnId}}") } },
    status("idle"),
    {
      notify: {
        method: "turn/completed",
        params: { threadId: "{{params.threadId}}", turn: turnOf("interrupted", "{{params.turnId}}") },
      },
    },
  ],
};

function turnOf(state: string, id = "{{turnId}}"): Record<string, unknown> {
  const times = { startedAt: "{{nowS}}", completedAt: null, durationMs: null };
  return { id, rootTurnId: id, items: [], itemsView: "notLoaded", status: state, error: null, ...times };
}

function status(type: "active" | "idle"): Step {
  const value = type === "active" ? { type, activeFlags: [] } : { type };
  return { notify: { method: "thread/status/changed", params: { threadId: "{{params.threadId}}", status: value } } };
}

/** Steps of `item/started`, `item/completed` or both, for an item. */
function item(stage: "started" | "completed", value: Record<string, unknown>): Step {
  return { notify: { method: `item/${stage}`, params: { item: value, ...HERE } } };
}

function turnStart(play: TurnPlay): Step[] {
  const deltas = play.deltas ?? DELTAS;
  const user = {
    type: "userMessage",
    id: "{{userItemId}}",
    clientId: "{{params.clientUserMessageId|null}}",
    content: "{{params.input}}",
  };
  const message = (text: string): Record<string, unknown> => ({ type: "agentMessage", id: "{{itemId}}", text });
  const done = message(deltas.join(""));
  return [
    { set: { turnId: "{{newId}}", itemId: "{{newId}}", userItemId: "{{newId}}", deltas } },
    { label: "{{params.threadId}}" },
    {
      recordTurn: {
        threadId: "{{params.threadId}}",
        turn: { ...turnOf("inProgress"), items: [user], itemsView: "full" },
      },
    },
    { reply: { turn: turnOf("inProgress") } },
    status("active"),
    { notify: { method: "turn/started", params: { threadId: "{{params.threadId}}", turn: turnOf("inProgress") } } },
    item("started", user),
    item("completed", user),
    ...(play.before ?? []),
    item("started", message("")),
    ...deltaSteps(deltas, play.intervalMs ?? 0),
    ...(play.middle ?? []),
    ...(play.end ?? [
      item("completed", done),
      {
        recordTurn: {
          threadId: "{{params.threadId}}",
          turn: { ...turnOf("completed"), items: [user, done], itemsView: "full" },
        },
      },
      status("idle"),
      {
        notify: {
          method: "turn/completed",
          params: { threadId: "{{params.threadId}}", turn: { ...turnOf("completed"), items: [done] } },
        },
      },
    ]),
  ];
}

function deltaSteps(deltas: readonly string[], intervalMs: number): Step[] {
  return deltas.flatMap((delta, i) => [
    ...(i === 0 || intervalMs === 0 ? [] : [{ sleep: intervalMs }]),
    { notify: { method: "item/agentMessage/delta", params: { ...HERE, itemId: "{{itemId}}", delta } } },
  ]);
}

/** Steps that ask for the approval of a command in the middle of a turn; the answer is `{{answer.decision}}`. */
export function askApproval(command: string): Step[] {
  const itemId = "{{turnId}}-command";
  const running = { type: "commandExecution", id: itemId, command, cwd: "/", status: "inProgress", commandActions: [] };
  return [
    {
      notify: {
        method: "thread/status/changed",
        params: { threadId: "{{params.threadId}}", status: { type: "active", activeFlags: ["waitingOnApproval"] } },
      },
    },
    item("started", running),
    {
      request: {
        method: "item/commandExecution/requestApproval",
        params: {
          kind: "command",
          ...HERE,
          itemId,
          startedAtMs: "{{nowMs}}",
          command,
          cwd: "/",
          commandActions: [],
          availableDecisions: ["accept", "cancel"],
        },
      },
    },
    {
      notify: {
        method: "serverRequest/resolved",
        params: { threadId: "{{params.threadId}}", requestId: "{{requestId}}" },
      },
    },
    {
      when: {
        value: "{{answer.decision}}",
        is: { accept: [item("completed", { ...running, status: "completed", exitCode: 0, aggregatedOutput: "ok\n" })] },
        else: [item("completed", { ...running, status: "declined" })],
      },
    },
  ];
}

/** Steps that put a question to the user in the middle of a turn; the answer is `{{answer.answers}}`. */
export function askQuestion(question: string): Step[] {
  const one = {
    id: "q1",
    header: "Question",
    question,
    options: [
      { label: "Yes", description: "" },
      { label: "No", description: "" },
    ],
  };
  return [
    {
      request: {
        method: "item/tool/requestUserInput",
        params: { ...HERE, itemId: "{{turnId}}-question", questions: [one] },
      },
    },
    {
      notify: {
        method: "serverRequest/resolved",
        params: { threadId: "{{params.threadId}}", requestId: "{{requestId}}" },
      },
    },
  ];
}
