import type { FeedEvent } from "@baa/contracts";
import type { Tone } from "./health.ts";

/** One event as a line of the live list. */
export interface FeedLine {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly tone: Tone;
  readonly text: string;
  readonly sessionId: string | undefined;
}

/** Lines that are kept. */
export const FEED_LINES_MAX = 200;

type Data = Readonly<Record<string, unknown>>;

const said = (value: unknown): string => (typeof value === "string" ? value : "");
const plain = (word: string): string => (word === "" ? "" : `: ${word.replaceAll("_", " ")}`);
const because = (data: Data): string => plain(said(data["reason"]));
const errorCode = (data: Data): string => plain(said((data["error"] as { code?: unknown } | undefined)?.code));

type Teller = readonly [tone: Tone, text: string | ((data: Data) => string)];

/** What each event says to people; an event that is not here is shown by its name. */
const TELLERS: Readonly<Record<string, Teller>> = {
  "session.created": ["quiet", "Session created"],
  "session.updated": ["quiet", "Session changed"],
  "session.deleted": ["quiet", "Session deleted"],
  "session.purged": ["quiet", "Session removed for good"],
  "turn.accepted": ["busy", (data) => (data["origin"] === "codex" ? "Turn begun by Codex" : "Turn accepted")],
  "turn.forwarding": ["busy", "Turn handed to Codex"],
  "turn.started": ["busy", "Turn started"],
  "turn.steered": ["busy", (data) => (data["consumed"] === true ? "Added input was read" : "Input added")],
  "turn.interruptRequested": ["warn", (data) => `Interrupt asked for${because(data)}`],
  "turn.completed": ["good", "Turn completed"],
  "turn.failed": ["bad", (data) => `Turn failed${errorCode(data) || because(data)}`],
  "turn.interrupted": ["warn", (data) => `Turn interrupted${because(data)}`],
  "turn.lost": ["bad", (data) => `Turn lost${because(data)}`],
  "run.accepted": ["busy", "Run accepted"],
  "run.completed": ["good", "Run completed"],
  "run.failed": ["bad", "Run failed"],
  "run.interrupted": ["warn", "Run interrupted"],
  "run.lost": ["bad", "Run lost"],
  "approval.requested": ["warn", (data) => `Approval asked for: ${said(data["kind"])}`],
  "approval.decided": ["good", (data) => `Approval decided: ${said(data["decision"])}`],
  "approval.resolved": ["good", (data) => `Approval answered: ${said(data["decision"])}${because(data)}`],
  "child.starting": ["busy", "Codex is starting"],
  "child.ready": ["good", "Codex is ready"],
  "child.exited": ["bad", (data) => `Codex ended${because(data)}`],
  "child.degraded": ["bad", "Codex is in trouble"],
  "child.gap": ["warn", "Events of Codex may be missing"],
  "log.gap": ["warn", "Numbers of the event log were left out"],
  "log.recovered": ["warn", "The event log was recovered"],
  "conductor.leading": ["good", "This conductor leads"],
  "control.changed": ["warn", (data) => `Control: ${said(data["mode"])}`],
  "codexd.up": ["good", "codexd is up"],
  "codexd.down": ["bad", (data) => `codexd is down${because(data)}`],
  "codexd.reset": ["warn", "codexd's event log was begun anew"],
};

/** Said often, and by something else on the page. */
const LEFT_OUT = new Set(["usage.updated", "turn.forwarding", "session.updated", "approval.decided"]);

export const feedLine = (event: FeedEvent): FeedLine => {
  const [tone, text] = TELLERS[event.type] ?? (["quiet", event.type] satisfies Teller);
  const { seq, at, type, sessionId } = event;
  return { seq, at, type, tone, text: typeof text === "string" ? text : text(event.data), sessionId };
};

/** The list after some events, newest first, without those that it knows already. */
export const addLines = (lines: readonly FeedLine[], events: readonly FeedEvent[]): readonly FeedLine[] => {
  const newest = lines[0]?.seq ?? 0;
  const added = events.filter(({ seq, type }) => seq > newest && !LEFT_OUT.has(type)).map(feedLine);
  return added.length === 0 ? lines : [...added.toReversed(), ...lines].slice(0, FEED_LINES_MAX);
};
