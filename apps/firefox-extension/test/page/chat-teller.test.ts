import { setImmediate as rest } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ChatTeller } from "../../src/content/chat/chat-teller.ts";
import type { FromPage } from "../../src/shared/page-messages.ts";

/** A background that hears what it is told, when the test lets it. */
class Background {
  readonly heard: FromPage[] = [];
  isThere = true;
  #answers: (() => void)[] = [];

  readonly tell = async (message: FromPage): Promise<void> => {
    if (!this.isThere) throw new Error("Receiving end does not exist.");
    this.heard.push(message);
    await new Promise<void>((resolve) => this.#answers.push(resolve));
  };

  /** Answers all that was told, and all that is told thereupon. */
  async answer(): Promise<void> {
    while (this.#answers.length > 0) {
      for (const answer of this.#answers.splice(0)) answer();
      await rest();
    }
  }
}

const END = { ok: true, value: { text: "Hello world" } } as const;
let background: Background;
let teller: ChatTeller;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  background = new Background();
  teller = new ChatTeller("cmd", background.tell);
});
afterEach(() => {
  vi.useRealTimers();
});

test("tells one change at a time: what came meanwhile is one change more", async () => {
  teller.text("H");
  teller.text("Hello");
  teller.text("Hello world");
  expect(background.heard).toEqual([{ kind: "chunk", id: "cmd", from: 0, text: "H" }]);
  await background.answer();
  expect(background.heard).toHaveLength(2);
  expect(background.heard[1]).toEqual({ kind: "chunk", id: "cmd", from: 1, text: "ello world" });
});

test("the end comes after all text, and only the first counts", async () => {
  teller.text("Hello world");
  teller.end(END);
  teller.end({ ok: false, error: { code: "internal", message: "later", outcome: "unknown" } });
  await background.answer();
  expect(background.heard.map(({ kind }) => kind)).toEqual(["chunk", "ended"]);
  expect(background.heard[1]).toEqual({ kind: "ended", id: "cmd", outcome: END });
  expect(teller.isOver).toBe(true);
});

test("without a background it tells again: the whole text, then the end", async () => {
  teller.text("Hello");
  await background.answer();
  background.isThere = false;
  teller.text("Hello world");
  teller.end(END);
  await vi.advanceTimersByTimeAsync(3_000);
  background.isThere = true;
  background.heard.length = 0;
  await vi.advanceTimersByTimeAsync(1_000);
  await background.answer();
  expect(background.heard).toEqual([
    { kind: "chunk", id: "cmd", from: 0, text: "Hello world" },
    { kind: "ended", id: "cmd", outcome: END },
  ]);
});

test("a new background is told all of it, even while something was on its way to the old one", async () => {
  teller.text("Hello");
  teller.retell();
  await background.answer();
  expect(background.heard).toEqual([
    { kind: "chunk", id: "cmd", from: 0, text: "Hello" },
    { kind: "chunk", id: "cmd", from: 0, text: "Hello" },
  ]);
  teller.end(END);
  teller.retell();
  await background.answer();
  expect(background.heard.slice(2).map(({ kind }) => kind)).toEqual(["ended", "chunk", "ended"]);
});
