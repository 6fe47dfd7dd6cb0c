import { expect, test } from "vitest";
import { pack, resultFrames, sendPaced } from "../../src/background/commands/results.ts";
import { FakeLink, settled } from "./support/fake-background.ts";
import { ID } from "./support/fake-server.ts";

const framesOf = (value: unknown) => [...resultFrames(ID, pack({ ok: true, value }), { replay: false })];

test("a result of 1 MiB goes in one frame, a longer one in parts that make the same text", () => {
  expect(framesOf("x".repeat(1024 * 1024 - 2)).map(({ t }) => t)).toEqual(["result"]);
  const value = { data: `\u{1F600}"\\`.repeat(400_000) };
  const frames = framesOf(value);
  const parts = frames.flatMap((frame) => (frame.t === "part" ? [frame] : []));
  const text = parts.map((part) => (JSON.parse(JSON.stringify(part)) as typeof part).data).join("");
  expect(JSON.parse(text)).toEqual(value);
  expect(parts.map(({ n, of }) => [n, of])).toEqual(parts.map((_, n) => [n, parts.length]));
  expect(parts.every(({ data }) => data.length <= 512 * 1024)).toBe(true);
  expect(frames.at(-1)).toEqual({ t: "result", id: ID, ok: true, parts: parts.length, replay: false });
});

test("a result of more than 64 MiB is too large: the work is done all the same", () => {
  const [frame, ...others] = framesOf("x".repeat(64 * 1024 * 1024));
  expect(others).toEqual([]);
  expect(frame).toMatchObject({ ok: false, error: { code: "too_large", outcome: "done" } });
});

test("a result without a value is null", () => {
  expect(framesOf(undefined)).toEqual([{ t: "result", id: ID, ok: true, value: null, replay: false }]);
});

test("parts wait while much is unsent, and end with the connection", async () => {
  const link = new FakeLink();
  const send = link.send.bind(link);
  link.send = (frame) => {
    link.bufferedBytes = 2 * 1024 * 1024;
    send(frame);
  };
  const sent = sendPaced(link, framesOf("x".repeat(2 * 1024 * 1024)));
  await settled();
  expect(link.sent).toHaveLength(1);
  link.bufferedBytes = 0;
  await link.frame("part");
  await new Promise<void>((resolve) => {
    const look = () => (link.sent.length === 2 ? resolve() : setImmediate(look));
    look();
  });
  link.isOpen = false;
  await sent;
  expect(link.sent).toHaveLength(2);
});
