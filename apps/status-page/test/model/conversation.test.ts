import type { TurnDetail } from "@baa/contracts";
import { describe, expect, test } from "vitest";
import {
  applyEvents,
  LOADED_TURNS_MAX,
  openConversation,
  turnsToRead,
  withContent,
  withEarlier,
  withTurnDetail,
} from "../../src/model/conversation.ts";
import type { Conversation } from "../../src/model/conversation.ts";
import { delta, event, itemCompleted, itemStarted, SESSION, TURN, turnOf } from "../support/events.ts";

const EMPTY = openConversation(SESSION, { turns: [], nextCursor: null });
const ids = ({ turns }: Conversation) => turns.map(({ turn }) => turn.id);
const only = ({ turns }: Conversation) => turns[0]!;
const texts = (conversation: Conversation) => only(conversation).items.map(({ text }) => text.text);

const detailOf = (more: Partial<TurnDetail>): TurnDetail => ({
  ...turnOf("running"),
  text: "",
  items: [],
  source: "log",
  ...more,
});

describe("a turn that begins while one looks", () => {
  test("goes from its acceptance to its end", () => {
    const accepted = applyEvents(EMPTY, [event(1, "turn.accepted", { input: "Say hello.", origin: "client" })]);
    expect(only(accepted)).toMatchObject({ content: "loaded", input: "Say hello.", turn: { state: "accepted" } });

    const running = applyEvents(accepted, [
      event(2, "turn.forwarding"),
      event(3, "turn.started", { codexTurnId: "x" }),
      itemStarted(4, { id: "m1", type: "agentMessage", text: "" }),
      delta(5, "m1", "Hel"),
      delta(6, "m1", "lo."),
    ]);
    expect(only(running)).toMatchObject({ turn: { state: "running" }, items: [{ state: "open" }] });
    expect(texts(running)).toEqual(["Hello."]);

    const ended = applyEvents(running, [
      itemCompleted(7, { id: "m1", type: "agentMessage", text: "Hello!" }),
      event(8, "turn.completed", { usage: { totalTokens: 12 } }),
    ]);
    expect(only(ended).turn).toMatchObject({ state: "completed", usage: { totalTokens: 12 } });
    expect(texts(ended)).toEqual(["Hello!"]);
  });

  test("nothing moves it after its end", () => {
    const ended = applyEvents(EMPTY, [
      event(1, "turn.accepted"),
      event(2, "turn.interrupted", { reason: "requested" }),
    ]);
    expect(applyEvents(ended, [event(3, "turn.started"), delta(4, "m1", "late")])).toBe(ended);
  });

  test("an event is counted once, however often it comes", () => {
    const events = [event(1, "turn.accepted"), event(2, "turn.started"), delta(3, "m1", "once")];
    const twice = applyEvents(applyEvents(EMPTY, events), [event(1, "turn.accepted")]);
    expect(ids(twice)).toEqual([TURN]);
  });

  test("it waits for an approval until the last one is resolved", () => {
    const approval = (seq: number, type: string, approvalId: string) => event(seq, type, {}, { approvalId });
    const states = (...events: ReturnType<typeof event>[]) =>
      only(applyEvents(EMPTY, [event(1, "turn.accepted"), event(2, "turn.started"), ...events])).turn.state;
    const asked = [approval(3, "approval.requested", "apr_1"), approval(4, "approval.requested", "apr_2")];
    expect(states(...asked)).toBe("awaitingApproval");
    expect(states(...asked, approval(5, "approval.resolved", "apr_1"))).toBe("awaitingApproval");
    expect(states(...asked, approval(5, "approval.resolved", "apr_1"), approval(6, "approval.resolved", "apr_2"))).toBe(
      "running",
    );
  });

  test("a trouble that Codex works on by itself is told until the turn goes on", () => {
    const trouble = { method: "error", params: { error: { message: "Reconnecting... 1/5" }, willRetry: true } };
    const told = applyEvents(EMPTY, [
      event(1, "turn.accepted"),
      event(2, "turn.started"),
      event(3, "codex.notification", trouble, { turnId: undefined }),
    ]);
    expect(only(told).notice).toBe("Reconnecting... 1/5");
    expect(only(applyEvents(told, [delta(4, "m1", "on")])).notice).toBeUndefined();
  });

  test("events of another session are not its", () => {
    expect(applyEvents(EMPTY, [event(1, "turn.accepted", {}, { sessionId: `ses_${"2".repeat(32)}` })])).toBe(EMPTY);
  });
});

describe("a turn that was there before", () => {
  const listed = openConversation(SESSION, { turns: [turnOf("running")], nextCursor: null });

  test("is read, and what came meanwhile is added without a seam: nothing twice, nothing lost", () => {
    const reading = withContent(listed, TURN, "loading");
    const meanwhile = applyEvents(reading, [delta(11, "m1", "b"), delta(12, "m1", "c"), delta(13, "m1", "d")]);
    const item = { itemId: "m1", type: "agentMessage", state: "open", text: "abc" } as const;
    const read = withTurnDetail(meanwhile, detailOf({ items: [item], asOfSeq: 12 }));
    expect(texts(read)).toEqual(["abcd"]);
    expect(texts(applyEvents(read, [delta(12, "m1", "c"), delta(14, "m1", "e")]))).toEqual(["abcde"]);
  });

  test("its end is seen while it is read", () => {
    const reading = withContent(listed, TURN, "loading");
    const ended = applyEvents(reading, [delta(11, "m1", "x"), event(12, "turn.completed")]);
    expect(only(ended).turn.state).toBe("completed");
    const read = withTurnDetail(ended, detailOf({ asOfSeq: 10 }));
    expect(only(read)).toMatchObject({ turn: { state: "completed" }, items: [{ state: "cut" }] });
  });

  test("from Codex's history it is whole; when even that is gone, it says so", () => {
    const item = { itemId: "m1", type: "agentMessage", state: "completed", text: "old" } as const;
    const old = { ...turnOf("completed"), text: "old" };
    const read = withTurnDetail(listed, { ...old, items: [item], source: "codex" });
    expect(only(read).content).toBe("loaded");
    expect(texts(applyEvents(read, [delta(99, "m1", "!")]))).toEqual(["old"]);
    expect(only(withTurnDetail(listed, { ...old, items: [], expired: true })).content).toBe("gone");
  });
});

describe("which turns are read", () => {
  const turn = (n: number, state: "completed" | "running" = "completed") =>
    turnOf(state, { id: `turn_${String(n).padStart(32, "0")}` });

  test("the newest, and those in progress; oldest first on the page", () => {
    const page = { turns: [turn(4), turn(3), turn(2), turn(1, "running")], nextCursor: "turn_1" };
    const conversation = openConversation(SESSION, page);
    expect(ids(conversation)).toEqual([turn(1).id, turn(2).id, turn(3).id, turn(4).id]);
    expect(turnsToRead(conversation, 2)).toEqual([turn(1).id, turn(3).id, turn(4).id]);
  });

  test("earlier ones come before them, each once", () => {
    const conversation = openConversation(SESSION, { turns: [turn(4), turn(3)], nextCursor: "more" });
    const more = withEarlier(conversation, { turns: [turn(3), turn(2)], nextCursor: null });
    expect(ids(more)).toEqual([turn(2).id, turn(3).id, turn(4).id]);
    expect(more.earlier).toBeNull();
  });

  test("with many turns the oldest give their content back, but not one in progress", () => {
    let conversation = EMPTY;
    for (let n = 0; n <= LOADED_TURNS_MAX; n += 1) {
      const of = { turnId: `turn_${String(n).padStart(32, "0")}` };
      const events = [event(n * 3 + 1, "turn.accepted", {}, of)];
      if (n !== 0) events.push(event(n * 3 + 2, "turn.completed", {}, of));
      conversation = applyEvents(conversation, events);
    }
    conversation = applyEvents(conversation, [event(900, "turn.accepted", {}, { turnId: `turn_${"f".repeat(32)}` })]);
    expect(conversation.turns.map(({ content }) => content).slice(0, 3)).toEqual(["loaded", "none", "loaded"]);
  });
});
