import { expect, test } from "vitest";
import { type ChatFacts, stateOfAnswer } from "../../src/content/chat/chat-end-machine.ts";

const FACTS: ChatFacts = {
  isBusy: false,
  wasBusy: false,
  hasAnswer: true,
  hasText: true,
  wasStopped: false,
  quietMs: 60_000,
  settleMs: 2_000,
};

test.each<[string, Partial<ChatFacts>, "going on" | "over" | "no answer"]>([
  ["busy pages answer, however quiet", { isBusy: true, wasBusy: true }, "going on"],
  ["no longer busy, for a moment", { wasBusy: true, quietMs: 400 }, "going on"],
  ["no longer busy", { wasBusy: true, quietMs: 600 }, "over"],
  ["no longer busy, with an empty answer", { wasBusy: true, quietMs: 600, hasText: false }, "over"],
  [
    "no longer busy and no answer, yet",
    { wasBusy: true, hasAnswer: false, hasText: false, quietMs: 1_000 },
    "going on",
  ],
  ["no longer busy and no answer", { wasBusy: true, hasAnswer: false, hasText: false }, "no answer"],
  ["stopped before it began", { wasBusy: true, hasAnswer: false, hasText: false, wasStopped: true }, "over"],
  ["never busy and still changing", { quietMs: 1_900 }, "going on"],
  ["never busy and settled", { quietMs: 2_000 }, "over"],
  ["never busy, an answer without text", { hasText: false }, "going on"],
  ["never busy and nothing there", { hasAnswer: false, hasText: false }, "going on"],
])("%s", (_, facts, state) => {
  expect(stateOfAnswer({ ...FACTS, ...facts })).toBe(state);
});
