import type { Session, Turn } from "@baa/contracts";
import { shortId } from "../ids.ts";
import { safeText } from "./safe-text.ts";
import type { Style } from "./style.ts";
import { oneLine, tableLines } from "./table.ts";
import { ago } from "./time.ts";

interface Look {
  readonly style: Style;
  /** Milliseconds. */
  readonly now: number;
}

const TITLE_MAX = 48;
const REASON_MAX = 60;

/** Rows of a list of sessions, with their heading; none when there are no sessions. */
export const sessionRows = (sessions: readonly Session[], { style, now }: Look): string[][] => {
  if (sessions.length === 0) return [];
  return [
    ["ID", "STATE", "UPDATED", "TITLE", "CWD"].map(style.dim),
    ...sessions.map((session) => [
      shortId(session.id),
      stateText(session.state, style),
      ago(session.updatedAt, now),
      oneLine(safeText(session.title ?? ""), TITLE_MAX) || "-",
      session.cwdOwned ? style.dim("scratch") : safeText(session.cwd),
    ]),
  ];
};

/** A session and its turns, a line each. */
export const sessionFacts = (session: Session, turns: readonly Turn[], { style, now }: Look): string[] => {
  const facts: [string, string | undefined][] = [
    ["session", session.id],
    ["title", session.title],
    ["state", stateText(session.state, style)],
    ["cwd", session.cwdOwned ? `${session.cwd} (scratch, removed with the session)` : session.cwd],
    ["model", session.model],
    ["sandbox", session.sandbox],
    ["approvals", session.approvalPolicy],
    ["thread", session.threadId],
    ["forked from", session.forkedFrom],
    ["created", session.createdAt],
  ];
  const known = facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
  const rows = turns.map((turn) => [
    shortId(turn.id),
    stateText(turn.state, style),
    ago(turn.createdAt, now),
    oneLine(safeText(turn.error?.message ?? turn.reason ?? ""), REASON_MAX),
  ]);
  return [
    ...tableLines(known.map(([name, value]) => [style.dim(name), name === "state" ? value : safeText(value)])),
    ...(rows.length === 0 ? [] : ["", ...tableLines([["TURN", "STATE", "BEGUN", "WHY"].map(style.dim), ...rows])]),
  ];
};

type State = Session["state"] | Turn["state"];

const COLOURS: Partial<Record<State, "good" | "warn" | "bad" | "accent">> = {
  running: "accent",
  awaitingApproval: "warn",
  completed: "good",
  failed: "bad",
  lost: "bad",
  interrupted: "warn",
};

/** A state in words and colour. */
export const stateText = (state: State, style: Style): string => {
  const text = state === "awaitingApproval" ? "awaiting approval" : state;
  const colour = COLOURS[state];
  return colour === undefined ? text : style[colour](text);
};
