import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Stream } from "../../src/background/commands/stream.ts";
import { FakeLink } from "./support/fake-background.ts";
import { ID } from "./support/fake-server.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const stream = () => {
  const link = new FakeLink();
  const made = new Stream(ID);
  made.connect(link);
  const chunks = () => link.sent.map((frame) => (frame.t === "chunk" ? [frame.n, frame.from, frame.text] : frame.t));
  return { stream: made, link, chunks };
};
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("changes within 200 ms go together, as the change against what was sent last", async () => {
  const { stream: it, chunks } = stream();
  it.change({ from: 0, text: "Hello" });
  await pass(0);
  it.change({ from: 5, text: " word" });
  it.change({ from: 6, text: "world" });
  it.change({ from: 11, text: "!" });
  await pass(199);
  expect(chunks()).toEqual([[0, 0, "Hello"]]);
  await pass(1);
  expect(chunks()).toEqual([
    [0, 0, "Hello"],
    [1, 5, " world!"],
  ]);
});

test("an answer that is rendered anew: only what differs goes", async () => {
  const { stream: it, chunks } = stream();
  it.change({ from: 0, text: "The answr is" });
  await pass(200);
  it.change({ from: 0, text: "The answer is 42" });
  await pass(200);
  it.change({ from: 0, text: "The answer is 42" });
  await pass(200);
  it.change({ from: 4, text: "" });
  await pass(200);
  expect(chunks()).toEqual([
    [0, 0, "The answr is"],
    [1, 8, "er is 42"],
    [2, 4, ""],
  ]);
});

test("no chunk begins within a character", async () => {
  const { stream: it, chunks } = stream();
  it.change({ from: 0, text: "a\u{1F600}" });
  await pass(200);
  it.change({ from: 0, text: "a\u{1F601}" });
  await pass(200);
  expect(chunks()[1]).toEqual([1, 1, "\u{1F601}"]);
});

test("a change behind the end of the text is refused: something before it is missing", () => {
  const { stream: it } = stream();
  expect([it.change({ from: 0, text: "abc" }), it.change({ from: 4, text: "e" })]).toEqual([true, false]);
});

test("asked again it tells the whole text, and goes on from there", async () => {
  const { stream: it, chunks } = stream();
  it.change({ from: 0, text: "one" });
  await pass(200);
  it.resync();
  await pass(200);
  it.change({ from: 3, text: " two" });
  await pass(200);
  expect(chunks()).toEqual([
    [0, 0, "one"],
    [1, 0, "one"],
    [2, 3, " two"],
  ]);
});

test("a new connection is told the whole text, numbered from 0; without one nothing is lost", async () => {
  const { stream: it, link } = stream();
  it.change({ from: 0, text: "one" });
  await pass(200);
  it.connect(undefined);
  it.change({ from: 3, text: " two" });
  await pass(200);
  expect(link.sent).toHaveLength(1);
  const next = new FakeLink();
  it.connect(next);
  await pass(200);
  expect(next.sent).toEqual([{ t: "chunk", id: ID, n: 0, from: 0, text: "one two" }]);
});

test("with much unsent it holds back, and then sends one change for all of them", async () => {
  const { stream: it, link, chunks } = stream();
  it.change({ from: 0, text: "one" });
  await pass(200);
  link.bufferedBytes = 2 * 1024 * 1024;
  for (let n = 0; n < 10; n += 1) {
    it.change({ from: 3 + n, text: "." });
    await pass(200);
  }
  expect(chunks()).toHaveLength(1);
  link.bufferedBytes = 0;
  await pass(200);
  expect(chunks()[1]).toEqual([1, 3, ".........."]);
});

test("a text longer than a frame carries goes in several", async () => {
  const { stream: it, link } = stream();
  const text = "x".repeat(1_200_000);
  it.change({ from: 0, text });
  await pass(1_000);
  const chunks = link.sent.flatMap((frame) => (frame.t === "chunk" ? [frame] : []));
  expect(chunks.map(({ from, text: part }) => [from, part.length])).toEqual([
    [0, 524_288],
    [524_288, 524_288],
    [1_048_576, 151_424],
  ]);
});

test("after its end nothing is told", async () => {
  const { stream: it, link } = stream();
  it.change({ from: 0, text: "one" });
  it.end();
  await pass(200);
  expect(link.sent).toEqual([]);
});
