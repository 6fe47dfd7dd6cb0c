import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Output } from "../../src/output/output.ts";
import { createStyle } from "../../src/output/style.ts";
import { oneLine, tableLines } from "../../src/output/table.ts";
import { ago, duration, tryParseDuration } from "../../src/output/time.ts";

const open = (o: { isTTY?: boolean; json?: boolean; mayColour?: boolean } = {}) => {
  const stdout = Object.assign(new PassThrough(), { isTTY: o.isTTY ?? false });
  const stderr = Object.assign(new PassThrough(), { isTTY: o.isTTY ?? false });
  const out = new Output({ stdout, stderr, json: o.json ?? false, mayColour: o.mayColour ?? true });
  return { out, said: () => [String(stdout.read() ?? ""), String(stderr.read() ?? "")] };
};

test("results go to stdout and everything else to stderr; with --json both are JSON", async () => {
  const plain = open();
  await plain.out.result({ a: 1 }, ["one", "two"]);
  plain.out.note("by the way");
  plain.out.warn("skew", "other versions");
  plain.out.error("baa x", { code: "gone", message: "it is gone" });
  expect(plain.said()).toEqual(["one\ntwo\n", "by the way\nwarning: skew: other versions\nbaa x: it is gone\n"]);

  const json = open({ json: true });
  await json.out.result({ a: 1 }, ["one"]);
  await json.out.jsonLine({ b: 2 });
  json.out.note("by the way");
  json.out.warn("skew", "other versions");
  json.out.error("baa x", { code: "gone", message: "it is gone" });
  const [stdout, stderr = ""] = json.said();
  expect(stdout).toBe('{\n  "a": 1\n}\n{"b":2}\n');
  expect(
    stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { note: "by the way" },
    { warning: { code: "skew", message: "other versions" } },
    { error: { code: "gone", message: "it is gone" } },
  ]);
});

test("colours only on a terminal that may have them; progress only when somebody watches", async () => {
  for (const [o, isColoured, isTold] of [
    [{ isTTY: true }, true, true],
    [{ isTTY: true, mayColour: false }, false, true],
    [{ isTTY: true, json: true }, false, false],
    [{}, false, false],
  ] as const) {
    const { out, said } = open(o);
    out.progress("working");
    expect([out.style.bad("x"), out.noteStyle.bad("x")].map((text) => text !== "x")).toEqual([isColoured, isColoured]);
    expect(said()).toEqual(["", isTold ? "working" : ""]);
  }
});

test("a table is as wide as its cells, colours not counted", () => {
  const { good } = createStyle(true);
  expect(
    tableLines([
      ["ID", "STATE", "WHAT"],
      ["1", good("idle"), "x"],
      ["22", "", ""],
    ]),
  ).toEqual(["ID  STATE  WHAT", `1   ${good("idle")}   x`, "22"]);
  expect(oneLine("  a\n b  c ", 4)).toBe("a b…");
  expect(oneLine("a b", 3)).toBe("a b");
});

test("durations", () => {
  expect([-5, 59_999, 60_000, 3_600_000, 86_400_000 * 2].map(duration)).toEqual(["0 s", "59 s", "1 min", "1 h", "2 d"]);
  expect(ago("2026-01-01T00:00:00.000Z", Date.parse("2026-01-01T00:02:30.000Z"))).toBe("2 min ago");
  expect(["90", "500ms", "90s", "10m", "2h", "1d"].map(tryParseDuration)).toEqual([
    90_000, 500, 90_000, 600_000, 7_200_000, 86_400_000,
  ]);
  expect(["", "x", "1w", "1.5h", "-1"].map(tryParseDuration)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
