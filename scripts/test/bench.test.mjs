// The arithmetic of `pnpm bench`. What it measures is never asserted: a figure is no test.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { Arrivals, percentilesOf } from "../bench/arrivals.ts";
import { readPrompt, writePrompt } from "../bench/load.ts";
import { readOptions } from "../bench/options.ts";
import { table, throughputRows, writeFigures } from "../bench/report.ts";
import { figureOf, percentile } from "../bench/statistics.ts";

test("percentiles go by the nearest rank, a median of an even number lies between", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile([7], 0.5)]).toEqual([50, 99, 7]);
  expect(figureOf([10, 1, 4])).toEqual({ median: 4, min: 1, max: 10 });
  expect(figureOf([10, 1, 4, 5])).toEqual({ median: 4.5, min: 1, max: 10 });
});

test("arrivals count deltas and take latency from stamps only", () => {
  const [stamped, plain] = [new Arrivals(), new Arrivals()];
  stamped.delta("1000000000 ", 1_001_000_000n);
  stamped.delta("1005000000 ", 1_008_000_000n);
  plain.delta("w0 ", 5_000_000n);
  expect(stamped.result()).toEqual({ deltas: 2, spanMs: 7, latenciesMs: [1, 3] });
  expect(plain.result()).toEqual({ deltas: 1, spanMs: 0, latenciesMs: [] });
  expect(percentilesOf([stamped.result(), plain.result()])).toEqual({ p50Ms: 1, p99Ms: 3 });
});

test("a load survives its way through a prompt", () => {
  expect(readPrompt(writePrompt({ deltas: 600, intervalMs: 5 }))).toEqual({ deltas: 600, intervalMs: 5 });
  expect(() => readPrompt("hello")).toThrow("not a prompt of the benchmark");
});

test("wrong options are named", () => {
  expect([...readOptions(["--only", "start,latency"]).only]).toEqual(["start", "latency"]);
  expect(() => readOptions(["--rounds", "0"])).toThrow("--rounds: expected a whole number from 1, got 0");
  expect(() => readOptions(["--only", "all"])).toThrow(
    "--only: expected some of start, latency, throughput, fanout, sessions, replay, recovery, turns, proxy, memory, firefox, got all",
  );
});

test("figures go between the markers, with what is promised and whether it is kept", () => {
  const one = (median) => ({ median, min: median, max: median });
  const rows = throughputRows({
    deltas: 50_000,
    bareRate: one(10_000),
    codexdRate: one(8400),
    share: one(84),
    cpuUs: one(40),
    afterMib: one(150),
  });
  expect(rows.map((row) => row.promise)).toEqual(["", "", "at least 85 %: MISSED", "at most 40 us: kept", ""]);
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "bench-"));
  const file = path.join(dir, "page.md");
  fs.writeFileSync(
    file,
    "# P\n\n<!-- figures: written by `pnpm bench --write` -->\nold\n<!-- end of figures -->\nrest\n",
  );
  writeFigures(file, table("T", rows.slice(0, 1)));
  expect(fs.readFileSync(file, "utf8").split("\n")).toEqual([
    "# P",
    "",
    "<!-- figures: written by `pnpm bench --write` -->",
    "",
    "| T               | median  | range            | promise |",
    "| --------------- | ------- | ---------------- | ------- |",
    "| bare app-server | 10000/s | 10000 .. 10000/s |         |",
    "",
    "<!-- end of figures -->",
    "rest",
    "",
  ]);
  fs.writeFileSync(file, "# P\n");
  expect(() => writeFigures(file, "x")).toThrow("has no markers");
  fs.rmSync(dir, { recursive: true });
});
