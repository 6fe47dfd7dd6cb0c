import { askApproval, codexPlay, type Play, type Step } from "@baa/test-kit";

/** One way in which a child can leave a turn hanging, and how the turn must end all the same. */
export interface StuckMode {
  readonly name: string;
  /** For turns whose text is `stuck`; any other turn goes well. */
  readonly play: Play;
  /** The turn's own deadline in milliseconds: by then, and 5 s more, it has ended. */
  readonly deadlineMs: number;
  /** Event type, and reason or error code where there is one. */
  readonly ends: readonly (readonly [string, string?])[];
  /** The child dies of it, so there is one turn in a daemon. */
  readonly isDeadly?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Every turn asks for it. */
export const IDLE_MS = 1500;
/** From an interrupt to the look into Codex's history. */
const INTERRUPT_MS = 10_000;
/** A child that died is back by then. */
const RESTART_MS = 3000;

const HERE = { threadId: "{{params.threadId}}", turnId: "{{turnId}}" };
const stuckTurn = (steps: readonly Step[], on: Play["on"] = {}): Play => {
  const good = codexPlay().on?.["turn/start"] ?? [];
  const turn: Step = { when: { value: "{{params.input.0.text}}", is: { stuck: steps }, else: good } };
  return codexPlay({}, { ...on, "turn/start": [turn] });
};
/** A turn that begins as ever and, after its first delta, goes on with `end`. */
const begun = (end: readonly Step[], before: readonly Step[] = []): readonly Step[] =>
  codexPlay({ deltas: ["partial"], before, end }).on?.["turn/start"] ?? [];
const completes: readonly Step[] = codexPlay().on?.["turn/start"] ?? [];

const ended = (status: string, error: unknown = null): Step => ({
  notify: {
    method: "turn/completed",
    params: { threadId: HERE.threadId, turn: { id: "{{turnId}}", items: [], status, error } },
  },
});
const failure = { message: "the model said no", codexErrorInfo: "badRequest" };

/** Begun, in Codex's history, and never a word of it. */
const MUTE: readonly Step[] = [
  {
    recordTurn: {
      threadId: HERE.threadId,
      turn: {
        id: "{{newId}}",
        status: "inProgress",
        error: null,
        items: [{ type: "userMessage", id: "{{newId}}", clientId: "{{params.clientUserMessageId}}" }],
      },
    },
  },
];

/** Messages that belong to nothing. */
const NOISE: readonly Step[] = [
  { send: { id: 999_999, result: {} } },
  { send: { id: "none", error: { code: 1, message: "none" } } },
  { send: { id: null, result: {} } },
  { send: [] },
  { send: 5 },
  { send: { method: 5, params: [] } },
  { send: { id: {}, method: "item/commandExecution/requestApproval", params: null } },
  { raw: "no json\n" },
  { raw: '{"method":"turn/completed"\n' },
  {
    notify: {
      method: "turn/completed",
      params: { threadId: HERE.threadId, turn: { id: "unknown", items: [], status: "completed", error: null } },
    },
  },
  { notify: { method: "turn/completed", params: { threadId: "unknown", turn: { id: 5 } } } },
  {
    notify: {
      method: "item/agentMessage/delta",
      params: { threadId: "unknown", turnId: "unknown", itemId: "x", delta: "y" },
    },
  },
  {
    notify: {
      method: "item/completed",
      params: { ...HERE, turnId: "unknown", item: { type: "agentMessage", id: "x", text: "y" } },
    },
  },
  { notify: { method: "item/started", params: { ...HERE, item: null } } },
  { notify: { method: "serverRequest/resolved", params: { threadId: HERE.threadId, requestId: 12_345 } } },
];

export const STUCK_MODES: readonly StuckMode[] = [
  {
    name: "the child is stopped (SIGSTOP)",
    play: stuckTurn(begun([{ signal: "SIGSTOP" }])),
    deadlineMs: 3 * (1000 + 5000) + RESTART_MS,
    ends: [["turn.interrupted", "idle_timeout"]],
    isDeadly: true,
    env: { BAA_CODEXD_PROBE_INTERVAL_MS: "1000" },
  },
  {
    name: "no terminal event, and the interrupt is not answered",
    play: stuckTurn(begun([]), { "turn/interrupt": [] }),
    deadlineMs: IDLE_MS + INTERRUPT_MS,
    ends: [["turn.failed", "stalled"]],
  },
  {
    name: "no terminal event, and the interrupt is answered and ignored",
    play: stuckTurn(begun([]), { "turn/interrupt": [{ reply: {} }] }),
    deadlineMs: IDLE_MS + INTERRUPT_MS,
    ends: [["turn.failed", "stalled"]],
  },
  {
    name: "no reply and no notification at all",
    play: stuckTurn(MUTE),
    deadlineMs: IDLE_MS + INTERRUPT_MS,
    ends: [["turn.interrupted", "idle_timeout"]],
  },
  {
    name: "no terminal event, the interrupt works",
    play: stuckTurn(begun([])),
    deadlineMs: IDLE_MS,
    ends: [["turn.interrupted", "idle_timeout"]],
  },
  {
    name: "a bare error and nothing after it",
    play: stuckTurn(begun([{ notify: { method: "error", params: { ...HERE, willRetry: false, error: failure } } }])),
    deadlineMs: IDLE_MS,
    ends: [["turn.interrupted", "idle_timeout"]],
  },
  {
    name: "a failed turn",
    play: stuckTurn(begun([ended("failed", failure)])),
    deadlineMs: 0,
    ends: [["turn.failed", "bad_request"]],
  },
  {
    name: "an error for a reply",
    play: stuckTurn([{ error: { message: "not now" } }]),
    deadlineMs: 0,
    ends: [["turn.failed", "child_error"]],
  },
  {
    name: "a reply of another shape",
    play: stuckTurn([{ reply: { turns: [] } }]),
    deadlineMs: 0,
    ends: [
      ["turn.failed", "not_started"],
      ["turn.lost", "not_found"],
    ],
  },
  {
    name: "the child exits with 0",
    play: stuckTurn(begun([{ exit: 0 }])),
    deadlineMs: RESTART_MS,
    ends: [["turn.interrupted", "child_exited"]],
    isDeadly: true,
  },
  {
    name: "the child dies of a signal",
    play: stuckTurn(begun([{ signal: "SIGSEGV" }])),
    deadlineMs: RESTART_MS,
    ends: [["turn.interrupted", "child_exited"]],
    isDeadly: true,
  },
  {
    name: "the child closes its stdout and lives on",
    play: stuckTurn(begun([{ closeStdout: true }])),
    deadlineMs: 1000 + RESTART_MS,
    ends: [["turn.interrupted", "child_exited"]],
    isDeadly: true,
  },
  {
    name: "replies and ends come twice",
    play: stuckTurn([
      ...completes,
      { reply: { turn: { id: "{{turnId}}" } } },
      ended("completed"),
      ended("failed", failure),
      ended("interrupted"),
    ]),
    deadlineMs: 0,
    ends: [["turn.completed"]],
  },
  {
    name: "messages that belong to nothing",
    play: stuckTurn(begun([...NOISE, ended("completed")], NOISE)),
    deadlineMs: 0,
    ends: [["turn.completed"]],
  },
  {
    name: "notifications before the reply",
    play: stuckTurn([...completes.filter((step) => !("reply" in step)), { reply: { turn: { id: "{{turnId}}" } } }]),
    deadlineMs: 0,
    ends: [["turn.completed"]],
  },
  {
    name: "an approval that nobody answers",
    play: stuckTurn([...begun([...askApproval("rm -r /"), ended("completed")])]),
    deadlineMs: 1500 + 1000,
    ends: [["turn.completed"]],
    env: { BAA_CODEXD_APPROVAL_TTL: "1500" },
  },
];
