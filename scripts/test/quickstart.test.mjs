import { expect, test } from "vitest";
import { readOptions } from "../dev/quickstart/options.mjs";
import { frames, runTurn } from "../dev/quickstart/turn.mjs";

const chunksOf = async function* (bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};

const collect = async (body) => {
  const result = [];
  for await (const frame of frames(body)) result.push(frame);
  return result;
};

test("SSE frames are the same at every split, with comments, ids, CRLF and text beyond ASCII", async () => {
  const text =
    ': comment\n\nid: l:1\ndata: {"seq":1,"delta":"wörd \u{1F600}"}\n\nid: l:2\r\nevent: x\r\ndata: {"seq":2}\r\n\r\n';
  const bytes = Buffer.from(text);
  for (let size = 1; size <= bytes.length; size++) {
    expect(await collect(chunksOf(bytes, size))).toEqual([{ seq: 1, delta: "wörd \u{1F600}" }, { seq: 2 }]);
  }
});

const sse = (...events) => [Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""))];

const fakeApi = (...events) => ({
  call: async (_method, route) =>
    route.endsWith("/turns") ? { turn: { id: "turn_1" } } : { session: { id: "ses_1" } },
  stream: async () => sse(...events),
});

const delta = (turnId, itemId, text) => ({
  type: "item.delta",
  turnId,
  data: { itemId, channel: "text", delta: text },
});

const message = (id, text) => ({
  type: "item.completed",
  turnId: "turn_1",
  data: { item: { id, type: "agentMessage", text } },
});

const run = async (...events) => {
  const written = [];
  const onApproval = async (event, text) => written.push(`<${event.approvalId} ${text}>`);
  const write = (text) => written.push(text);
  const { event } = await runTurn({ api: fakeApi(...events), prompt: "x", write, onApproval });
  return { text: written.join(""), event };
};

test("a turn prints its own text deltas, whole messages that sent none, and a blank line between items", async () => {
  const { text, event } = await run(
    delta("turn_1", "a", "Hel"),
    delta("turn_other", "z", "not ours"),
    delta("turn_1", "a", "lo"),
    message("a", "Hello"),
    message("b", "second"),
    { type: "turn.completed", turnId: "turn_1", data: {} },
  );
  expect(text).toBe("Hello\n\nsecond");
  expect(event.type).toBe("turn.completed");
});

test("an approval is shown, and a failed turn is its terminal event", async () => {
  const { text, event } = await run(
    { type: "approval.requested", turnId: "turn_1", approvalId: "apr_1", data: { kind: "command", command: "rm x" } },
    { type: "turn.failed", turnId: "turn_1", data: { error: { message: "boom" } } },
  );
  expect(text).toBe("<apr_1 Codex asks (command): rm x>");
  expect(event.data.error.message).toBe("boom");
});

test("a stream that ends before the turn is an error, not a success", async () => {
  await expect(run(delta("turn_1", "a", "Hel"))).rejects.toThrow("the event stream ended before the turn did");
});

test("options: a wrong provider, an empty prompt and an unknown option are refused", () => {
  expect(readOptions(["--once", "--prompt", "hi", "--provider", "loopback"])).toMatchObject({
    once: true,
    prompt: "hi",
    provider: "loopback",
  });
  expect(() => readOptions(["--provider", "x"])).toThrow('--provider is codex or loopback, not "x"');
  expect(() => readOptions(["--prompt", " "])).toThrow("--prompt is empty");
  expect(() => readOptions(["--twice"])).toThrow("--twice");
});
