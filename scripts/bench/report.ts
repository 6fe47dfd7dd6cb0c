import fs from "node:fs";
import type { FanoutFigures, LatencyFigures, ThroughputFigures } from "./measure.ts";
import type { Figure } from "./statistics.ts";

export interface Row {
  readonly what: string;
  readonly value: string;
  readonly range: string;
  /** What is promised, with whether the median keeps it. */
  readonly promise: string;
}

/** A figure as a row. */
export const row = (
  what: string,
  figure: Figure,
  o: { unit: string; digits: number; promise?: [string, boolean] },
): Row => {
  const text = (value: number): string => `${value.toFixed(o.digits)}${o.unit}`;
  const [promise, kept] = o.promise ?? ["", true];
  return {
    what,
    value: text(figure.median),
    range: `${figure.min.toFixed(o.digits)} .. ${text(figure.max)}`,
    promise: promise === "" ? "" : `${promise}: ${kept ? "kept" : "MISSED"}`,
  };
};

export const latencyRows = (f: LatencyFigures): Row[] => {
  const ms = { unit: " ms", digits: 2 };
  return [
    row("bare app-server, p50", f.bareP50, ms),
    row("bare app-server, p99", f.bareP99, ms),
    row("codexd, p50", f.codexdP50, ms),
    row("codexd, p99", f.codexdP99, ms),
    row("added by codexd, p50", f.addedP50, { ...ms, promise: ["at most 1 ms", f.addedP50.median <= 1] }),
    row("added by codexd, p99", f.addedP99, { ...ms, promise: ["at most 5 ms", f.addedP99.median <= 5] }),
  ];
};

export const throughputRows = (f: ThroughputFigures): Row[] => [
  row("bare app-server", f.bareRate, { unit: "/s", digits: 0 }),
  row("codexd, one subscriber", f.codexdRate, { unit: "/s", digits: 0 }),
  row("codexd of bare", f.share, { unit: " %", digits: 1, promise: ["at least 85 %", f.share.median >= 85] }),
  row("codexd, CPU per event", f.cpuUs, { unit: " us", digits: 1, promise: ["at most 40 us", f.cpuUs.median <= 40] }),
  row("codexd, resident memory after a round", f.afterMib, { unit: " MiB", digits: 0 }),
];

/** A run in which a subscriber lost an event has no table. */
export const fanoutRows = (f: FanoutFigures): Row[] => [
  { what: "events lost", value: "0", range: "0 .. 0", promise: "none: kept" },
  row("frames a second over all subscribers", f.rate, { unit: "/s", digits: 0 }),
  row("codexd, resident memory after a round", f.afterMib, { unit: " MiB", digits: 0 }),
];

/** A Markdown table, its columns aligned so that it reads well on a terminal, too. */
export function table(title: string, rows: readonly Row[]): string {
  const cells = [[title, "median", "range", "promise"], ...rows.map((r) => [r.what, r.value, r.range, r.promise])];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = cells;
  return [format(head), format(widths.map((width) => "-".repeat(width))), ...body.map(format)].join("\n");
}

const BEGIN = "<!-- figures: written by `pnpm bench --write` -->";
const END = "<!-- end of figures -->";

/** Puts the figures between the markers of a page. Throws when the markers are not there. */
export function writeFigures(file: string, figures: string): void {
  const page = fs.readFileSync(file, "utf8");
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${file} has no markers for the figures`);
  fs.writeFileSync(file, `${page.slice(0, from + BEGIN.length)}\n\n${figures}\n\n${page.slice(to)}`);
}
