import type { FeedEvent, TurnDetail } from "@baa/contracts";
import { describe, expect, test } from "vitest";
import { createStyle } from "../../src/output/style.ts";
import { showTurn } from "../../src/turns/show-turn.ts";
import { TurnPrinter } from "../../src/turns/turn-printer.ts";

const setUp = (o: { isOnePlace?: boolean; withInput?: boolean } = {}) => {
  const said = { text: "", told: "", all: "" };
  const printer = new TurnPrinter({
    say: (text) => void ((said.text += text), (said.all += text)),
    tell: (text) => void ((said.told += text), (said.all += text)),
    style: createStyle(false),
    isOnePlace: o.isOnePlace ?? true,
    withInput: o.withInput ?? false,
  });
  const print = async (...events: [string, Record<string, unknown>][]): Promise<void> => {
    for (const [type, data] of events) await printer.print({ seq: 1, at: "", type, data } as FeedEvent);
  };
  return { said, printer, print };
};
const delta = (itemId: string, text: string, channel = "text"): [string, Record<string, unknown>] => [
  "item.delta",
  { itemId, channel, delta: text },
];
const message = (id: string, text: string): [string, Record<string, unknown>] => [
  "item.completed",
  { item: { id, type: "agentMessage", text } },
];

describe("the words of the model", () => {
  test("come once, though they come as deltas and whole", async () => {
    const { said, print } = setUp();
    await print(delta("a", "Hel"), delta("a", "lo"), message("a", "Hello there"), ["turn.completed", {}]);
    expect(said).toEqual({ text: "Hello there\n", told: "", all: "Hello there\n" });
  });

  test("of two messages stand a blank line apart", async () => {
    const { said, print } = setUp();
    await print(delta("a", "one"), message("a", "one"), message("b", "two"), ["turn.completed", {}]);
    expect(said.text).toBe("one\n\ntwo\n");
  });

  test("that are other ones in the end are told anew", async () => {
    const { said, print } = setUp();
    await print(delta("a", "one"), message("a", "other"), ["turn.completed", {}]);
    expect(said.all).toBe("one\n(the last text was corrected:)\n\nother\n");
  });

  test("that a retry threw away are said to be withdrawn; what was cut at the end is not", async () => {
    const { said, print } = setUp();
    await print(delta("a", "fir"), ["item.discarded", { itemId: "a", reason: "retried" }], message("b", "second"));
    await print(delta("c", "cut"), ["item.discarded", { itemId: "c", reason: "ended" }]);
    await print(["turn.interrupted", { reason: "requested" }]);
    expect(said.all).toBe(
      "fir\n(the last text was withdrawn: retried)\nsecond\n\ncut\nthe turn was interrupted (requested).\n",
    );
  });

  test("cannot steer the terminal", async () => {
    const { said, print } = setUp();
    await print(message("a", "red \u001b[31m\u009b2J bell\u0007 tab\tline\r\n"));
    expect(said.text).toBe("red \\x1b[31m\\x9b2J bell\\x07 tab\tline\n");
  });
});

describe("what happens around them", () => {
  test("a command, its output and its failure; the first lines of a long one", async () => {
    const { said, print } = setUp();
    const item = { id: "c", type: "commandExecution", command: "ls" };
    const lines = Array.from({ length: 23 }, (_, index) => `line ${index}`);
    await print(delta("a", "Looking"), ["item.started", { item }], delta("c", lines.join("\n"), "output"));
    await print(["item.completed", { item: { ...item, exitCode: 2 } }]);
    expect(said.all.split("\n").slice(0, 3)).toEqual(["Looking", "$ ls", "  line 0"]);
    expect(said.all.split("\n").slice(-4)).toEqual(["  line 19", "  … 3 more lines", "exit 2", ""]);
  });

  test("a patch with its lines", async () => {
    const { said, print } = setUp();
    const changes = [
      { path: "new.txt", kind: { type: "add" }, diff: "one\ntwo\n" },
      { path: "old.txt", kind: "update", diff: "@@ -1 +1 @@\n-a\n+b\n" },
    ];
    await print(["item.completed", { item: { id: "p", type: "fileChange", changes } }]);
    expect(said.told).toBe("patch add new.txt\n  +one\n  +two\npatch update old.txt\n  @@ -1 +1 @@\n  -a\n  +b\n");
  });

  test("steering, and why it failed", async () => {
    const { said, print } = setUp();
    await print(["turn.steered", { inputId: "i", input: "faster", consumed: false }]);
    await print(["turn.steered", { inputId: "i", consumed: true }], ["turn.steered", { inputId: "j", rejected: "no" }]);
    await print(["turn.failed", { error: { code: "stalled", message: "No word came.", retryable: true } }]);
    expect(said.told).toBe(
      ">> faster\n(not steered: no)\nthe turn failed (stalled: No word came.). It may be asked again.\n",
    );
  });

  test("types, items and channels that are not known say nothing", async () => {
    const { said, print } = setUp();
    await print(["turn.somethingNew", {}], ["item.completed", { item: { id: "x", type: "newThing" } }]);
    await print(["item.completed", {}], delta("x", "?", "newChannel"));
    expect(said.all).toBe("");
  });
});

test("a turn as it stands goes on in the stream without a seam", async () => {
  const { said, printer, print } = setUp({ withInput: true });
  const turn = {
    state: "running",
    items: [
      { itemId: "u", type: "userMessage", state: "completed", content: [{ type: "text", text: "Count." }] },
      { itemId: "a", type: "agentMessage", state: "completed", text: "First." },
      { itemId: "c", type: "commandExecution", state: "open", command: "seq 2", aggregatedOutput: "1\n" },
      { itemId: "b", type: "agentMessage", state: "open", text: "Sec" },
    ],
  } as unknown as TurnDetail;
  await showTurn(printer, turn);
  await print(delta("c", "2\n", "output"), [
    "item.completed",
    { item: { id: "c", type: "commandExecution", exitCode: 0 } },
  ]);
  await print(delta("b", "ond"), message("b", "Second."), ["turn.completed", {}]);
  expect(said.all).toBe("> Count.\nFirst.\n$ seq 2\n\nSec\n  1\n  2\nond.\n");
});
