import { expect, test } from "vitest";
import { StreamText } from "../../src/firefox/stream-text.ts";
import { CLIENT_ID } from "../support/firefox-door.ts";
import { openBridge, resultOf } from "../support/firefox-bridge.ts";

test("chunks replace the text from an offset on", () => {
  const stream = new StreamText("");
  expect(stream.apply({ n: 0, from: 0, text: "Hello wrld" })).toEqual({ kind: "changed", from: 0, text: "Hello wrld" });
  expect(stream.apply({ n: 1, from: 6, text: "world" })).toEqual({ kind: "changed", from: 6, text: "world" });
  expect(stream.apply({ n: 2, from: 11, text: "" })).toEqual({ kind: "same" });
  expect(stream.apply({ n: 3, from: 5, text: "" })).toEqual({ kind: "changed", from: 5, text: "" });
  expect(stream.text).toBe("Hello");
});

test.each([
  ["a missing number", { n: 2, from: 3, text: "x" }],
  ["an offset beyond the end", { n: 1, from: 4, text: "x" }],
  ["a number that came before", { n: 0, from: 3, text: "x" }],
])("%s is a gap, asked about once; nothing counts until a text from 0 on", (_, wrong) => {
  const stream = new StreamText("");
  stream.apply({ n: 0, from: 0, text: "abc" });
  expect(stream.apply(wrong)).toEqual({ kind: "gap" });
  expect(stream.apply({ n: wrong.n + 1, from: 3, text: "y" })).toEqual({ kind: "same" });
  expect(stream.text).toBe("abc");
  expect(stream.apply({ n: 9, from: 0, text: "abcdef" })).toMatchObject({ kind: "changed" });
  expect(stream.apply({ n: 10, from: 6, text: "g" })).toMatchObject({ kind: "changed" });
  expect(stream.text).toBe("abcdefg");
});

test("what another connection brought does not count as a beginning: chunks after it may have been lost", () => {
  const stream = new StreamText("abc");
  expect(stream.apply({ n: 0, from: 3, text: "d" })).toEqual({ kind: "gap" });
});

test("a text is kept up to 1 Mi characters, and is right again when it shrinks", () => {
  const stream = new StreamText("");
  stream.apply({ n: 0, from: 0, text: "x".repeat(1024 * 1024 - 1) });
  expect(stream.apply({ n: 1, from: 1024 * 1024 - 1, text: "yz" })).toEqual({
    kind: "changed",
    from: 1_048_575,
    text: "y",
  });
  expect(stream.apply({ n: 2, from: 1024 * 1024 + 1, text: "more" })).toEqual({ kind: "same" });
  expect(stream.text).toHaveLength(1024 * 1024);
  expect(stream.apply({ n: 3, from: 1, text: "end" })).toMatchObject({ kind: "changed" });
  expect(stream.text).toBe("xend");
});

test("a stream is told and stored as it comes, missing pieces are asked for, and the result's text wins", async () => {
  const t = await openBridge();
  t.enrol();
  const { link, say } = t.connect();
  const id = t.ask({ method: "chat.send", params: { text: "hi" } });
  const chunk = (n: number, from: number, text: string) => say({ t: "chunk", id, n, from, text });
  chunk(0, 0, "Hel");
  expect(t.bridge.requests.view(id, { whole: true })).toMatchObject({ state: "running", text: "Hel" });
  chunk(2, 5, "!");
  chunk(3, 6, "?");
  expect(link.of("resync")).toEqual([{ t: "resync", id }]);
  chunk(4, 0, "Hello");
  expect(t.told("firefox.command.chunk")).toEqual([
    { commandId: id, clientId: CLIENT_ID, from: 0, text: "Hel" },
    { commandId: id, clientId: CLIENT_ID, from: 0, text: "Hello" },
  ]);
  say(resultOf(id, { text: "Hello, operator." }));
  expect(t.bridge.requests.view(id, { whole: true })).toMatchObject({ state: "completed", text: "Hello, operator." });
  chunk(5, 0, "late");
  expect(t.told("firefox.command.chunk")).toHaveLength(2);
});

test("the text so far is still there after a restart and goes on with the next connection", async () => {
  const t = await openBridge();
  t.enrol();
  const first = t.connect();
  const id = t.ask({ method: "chat.send", params: { text: "hi" } });
  first.say({ t: "chunk", id, n: 0, from: 0, text: "Hel" });
  t.bridge.stop();
  const u = await openBridge(t);
  const { link, say } = u.connect({ journal: [id] });
  say({ t: "chunk", id, n: 0, from: 3, text: "lo" });
  expect(link.of("resync")).toEqual([{ t: "resync", id }]);
  say({ t: "chunk", id, n: 1, from: 0, text: "Hello" });
  expect(u.bridge.requests.view(id, { whole: true }).text).toBe("Hello");
});

test("half a character, and a NUL, are no reason to lose a connection: both come as the mark for what is no text", async () => {
  const t = await openBridge();
  t.enrol();
  const { say } = t.connect();
  const id = t.ask({ method: "chat.send", params: { text: "hi" } });
  const text = (): unknown => t.bridge.requests.view(id, { whole: true }).text;
  say({ t: "chunk", id, n: 0, from: 0, text: "a fox: \ud83e" });
  expect(text()).toBe("a fox: \ufffd");
  say({ t: "chunk", id, n: 1, from: 8, text: "\udd8a" });
  expect(text()).toBe("a fox: 🦊");
  say(resultOf(id, { text: "a fox: 🦊\0\ud83e" }));
  expect(text()).toBe("a fox: 🦊\ufffd\ufffd");
  expect(t.bridge.requests.view(id, { whole: true }).result).toEqual({ text: "a fox: 🦊\0\ud83e" });
});

test("a stream that is rendered anew without end is told up to 16 Mi characters, and stored and ended as ever", async () => {
  const t = await openBridge();
  t.enrol();
  const { say } = t.connect();
  const id = t.ask({ method: "chat.send", params: { text: "hi" } });
  const sizes = t.store.database.prepare("SELECT sum(length(data)) AS n FROM outbox");
  for (let n = 0; n < 17; n += 1) say({ t: "chunk", id, n, from: 0, text: String(n % 10).repeat(1024 * 1024) });
  expect(sizes.get<{ n: number }>()?.n).toBeLessThan(17 * 1024 * 1024);
  expect(t.bridge.requests.view(id, { whole: true }).text).toBe("6".repeat(1024 * 1024));
  say(resultOf(id, { text: "the end" }));
  expect(t.bridge.requests.view(id, { whole: true })).toMatchObject({ state: "completed", text: "the end" });
});
