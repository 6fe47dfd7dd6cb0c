import { RpcError } from "@baa/codex-app-server";
import { expect, test } from "vitest";
import { HistoryReader } from "../../src/turns/history-reader.ts";
import { FakeChild } from "../support/fake-child.ts";
import { openJournal } from "../support/journal.ts";
import { accepted, created, createdBare, RUNNING } from "../support/records.ts";

const EXPIRED = { text: "", items: [], expired: true };
const listed = (id: string, items: object[] = []) => ({ id, status: "completed", items });

const read = async (child: FakeChild, events = RUNNING) => {
  const { journal, registries } = await openJournal({ events });
  return new HistoryReader(child.port, journal).read(registries.turns.get("turn_1")!);
};

test("a turn older than our window comes from Codex's history", async () => {
  const items = [
    { id: "u1", type: "userMessage", content: [] },
    { id: "a1", type: "agentMessage", text: "one" },
    { id: "c1", type: "commandExecution", command: "ls" },
    { id: "a2", type: "agentMessage", text: "two" },
  ];
  const child = new FakeChild().answer("thread/turns/list", () => ({
    data: [listed("ctx_0"), listed("ctx_1", items)],
    nextCursor: null,
  }));
  expect(await read(child)).toEqual({
    text: "one\n\ntwo",
    items: [
      { itemId: "u1", type: "userMessage", state: "completed", content: [] },
      { itemId: "a1", type: "agentMessage", state: "completed", text: "one" },
      { itemId: "c1", type: "commandExecution", state: "completed", command: "ls" },
      { itemId: "a2", type: "agentMessage", state: "completed", text: "two" },
    ],
    source: "codex",
  });
});

test("page by page, to where it is", async () => {
  const child = new FakeChild().answer("thread/turns/list", ({ cursor }) =>
    cursor === "p2" ? { data: [listed("ctx_1")], nextCursor: "p3" } : { data: [listed("ctx_0")], nextCursor: "p2" },
  );
  expect(await read(child)).toMatchObject({ source: "codex" });
  expect(child.sent.map(({ params }) => params["cursor"])).toEqual([null, "p2"]);
});

test("a history without end is given up after 20 pages", async () => {
  const child = new FakeChild().answer("thread/turns/list", () => ({ data: [], nextCursor: "more" }));
  expect(await read(child)).toEqual(EXPIRED);
  expect(child.sent).toHaveLength(20);
});

const nobody: [string, () => unknown][] = [
  ["does not list it", () => ({ data: [listed("ctx_0")], nextCursor: null })],
  ["lists garbage", () => ({ data: "x", nextCursor: null })],
  [
    "does not know the thread",
    () => {
      throw new RpcError({ code: -32600, message: "no rollout found" });
    },
  ],
];
test.each(nobody)("Codex %s: expired", async (_what, answer) => {
  expect(await read(new FakeChild().answer("thread/turns/list", answer))).toEqual(EXPIRED);
});

test("a turn that Codex never named, or a session without a thread: expired, and nobody is asked", async () => {
  const child = new FakeChild();
  expect(await read(child, [created(), accepted()])).toEqual(EXPIRED);
  expect(await read(child, [createdBare(), ...RUNNING.slice(1)])).toEqual(EXPIRED);
  expect(child.sent).toEqual([]);
});
