import fs from "node:fs";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { openBridge, resultOf, type TestBridge, type TestPeer } from "../support/firefox-bridge.ts";

const sendParts = (peer: TestPeer, id: string, pieces: readonly string[]): void =>
  pieces.forEach((data, n) => peer.say({ t: "part", id, n, of: pieces.length, data }));

const endParts = (peer: TestPeer, id: string, parts: number): void =>
  peer.say({ t: "result", id, ok: true, parts, replay: false });

/** Waits until the result is acknowledged, which is when it is on disk. */
const acknowledged = (peer: TestPeer, id: string): Promise<void> =>
  expect.poll(() => peer.link.of("resultAck").map((ack) => ack.id), { timeout: 10_000 }).toContain(id);

const readResult = async (t: TestBridge, id: string): Promise<string> => {
  const body = await t.bridge.requests.result(id);
  return "text" in body ? body.text : text(body.stream);
};

test("a result in parts goes to a private file, whole characters whatever the cut, and is acknowledged after that", async () => {
  const t = await openBridge();
  t.enrol();
  const peer = t.connect();
  const id = t.ask();
  const whole = JSON.stringify({ text: "déjà 🦊🦊" });
  const cut = whole.indexOf("🦊") + 1;
  sendParts(peer, id, [whole.slice(0, cut), whole.slice(cut, cut + 2), whole.slice(cut + 2)]);
  endParts(peer, id, 3);
  expect(peer.link.of("resultAck")).toEqual([]);
  await acknowledged(peer, id);
  const view = t.bridge.requests.view(id, { whole: true });
  expect([view.state, view.resultChars, view.result]).toEqual(["completed", whole.length, undefined]);
  expect(await readResult(t, id)).toBe(whole);
  const [file] = fs.readdirSync(t.resultsDir);
  expect([file, fs.statSync(`${t.resultsDir}/${file}`).mode & 0o777]).toEqual([`${id}.json`, 0o600]);
  expect(fs.statSync(t.resultsDir).mode & 0o777).toBe(0o700);
});

test("a long result that came in one frame is a file, too", async () => {
  const t = await openBridge();
  t.enrol();
  const peer = t.connect();
  const id = t.ask();
  peer.say(resultOf(id, "x".repeat(1024 * 1024)));
  await acknowledged(peer, id);
  expect(t.bridge.requests.view(id, { whole: true })).toMatchObject({ state: "completed", resultChars: 1_048_578 });
  expect(await readResult(t, id)).toHaveLength(1_048_578);
});

test("the parts of a connection that broke are gone, and come again with the replayed result", async () => {
  const t = await openBridge();
  t.enrol();
  const first = t.connect();
  const id = t.ask();
  first.say({ t: "part", id, n: 0, of: 2, data: '["a",' });
  first.hangUp();
  expect(fs.readdirSync(t.resultsDir)).toEqual([]);
  const second = t.connect({ journal: [id] });
  sendParts(second, id, ['["a",', '"b"]']);
  endParts(second, id, 2);
  await acknowledged(second, id);
  expect(await readResult(t, id)).toBe('["a","b"]');
});

test.each([
  ["a piece is missing", [0, 2], 3],
  ["a piece comes twice", [0, 0, 1, 1], 2],
  ["the first is missing", [1], 2],
])("when %s the connection is useless", async (_, numbers, of) => {
  const t = await openBridge();
  t.enrol();
  const peer = t.connect();
  const id = t.ask();
  const say = (): void => numbers.forEach((n) => peer.say({ t: "part", id, n, of, data: "x" }));
  expect(say).toThrow(/does not follow/);
});

test("a result that is not complete is refused", async () => {
  const t = await openBridge();
  t.enrol();
  const peer = t.connect();
  const id = t.ask();
  peer.say({ t: "part", id, n: 0, of: 2, data: "x" });
  expect(() => endParts(peer, id, 2)).toThrow(/has 2 pieces, and 1 came/);
  expect(() => endParts(peer, t.ask(), 1)).toThrow(/and 0 came/);
  expect(peer.link.of("resultAck")).toEqual([]);
});

test("a result beyond 64 Mi characters ends its command as too large, and leaves no file", async () => {
  const t = await openBridge();
  t.enrol();
  const peer = t.connect();
  const id = t.ask({ method: "chat.stop" });
  sendParts(peer, id, Array<string>(65).fill("x".repeat(1024 * 1024)));
  endParts(peer, id, 65);
  expect(t.bridge.requests.view(id, { whole: true })).toMatchObject({
    state: "failed",
    error: { code: "too_large", outcome: "done" },
  });
  expect([peer.link.of("resultAck").length, fs.readdirSync(t.resultsDir)]).toEqual([1, []]);
  await expect(t.bridge.requests.result(id)).rejects.toMatchObject({ code: "no_result" });
});

test("a command that ended while its result was written keeps its end; the file goes", async () => {
  const t = await openBridge();
  t.enrol();
  const peer = t.connect();
  const id = t.ask({ method: "chat.stop", ttlMs: 500 });
  sendParts(peer, id, ["1"]);
  endParts(peer, id, 1);
  t.pass(20_000);
  await acknowledged(peer, id);
  expect(t.bridge.requests.view(id, { whole: true }).state).toBe("interrupted");
  expect(fs.readdirSync(t.resultsDir)).toEqual([]);
});

test("pieces that nobody waits for are passed over", async () => {
  const t = await openBridge();
  t.enrol();
  const peer = t.connect();
  const id = t.ask();
  peer.say(resultOf(id, 1), { t: "part", id, n: 0, of: 1, data: "2" });
  expect(fs.readdirSync(t.resultsDir)).toEqual([]);
});

test("a result that cannot be written closes the connection unacknowledged, so that it comes again", async () => {
  const t = await openBridge();
  t.enrol();
  const peer = t.connect();
  const id = t.ask();
  fs.mkdirSync(`${t.resultsDir}/${id}.json`);
  sendParts(peer, id, ["1"]);
  endParts(peer, id, 1);
  await expect.poll(() => peer.link.closedWith, { timeout: 10_000 }).toBe(1001);
  expect([peer.link.of("resultAck"), t.bridge.requests.view(id, { whole: true }).state]).toEqual([[], "sent"]);
  expect(fs.readdirSync(t.resultsDir)).toEqual([`${id}.json`]);
});

test("old and too many ended commands go with their files; the open ones stay", async () => {
  const t = await openBridge();
  t.enrol();
  const peer = t.connect();
  const old = t.ask();
  sendParts(peer, old, ["1"]);
  endParts(peer, old, 1);
  await acknowledged(peer, old);
  const open = t.ask({ ttlMs: 3_600_000 });
  t.clock.nowMs += 31 * 24 * 60 * 60 * 1000;
  const recent = t.ask();
  peer.say(resultOf(recent, 1));
  fs.writeFileSync(`${t.resultsDir}/cmd_${"e".repeat(32)}.json`, "an orphan");
  fs.writeFileSync(`${t.resultsDir}/${open}.3.part`, "half a result");
  t.bridge.stop();
  const u = await openBridge(t);
  expect(u.bridge.requests.list({ limit: 10 }).commands.map(({ id }) => id)).toEqual([recent, open]);
  expect(fs.readdirSync(t.resultsDir)).toEqual([]);
});
