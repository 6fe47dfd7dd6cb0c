import { expect, test } from "vitest";
import { StderrLines } from "../../src/supervisor/stderr-lines.ts";

function collect(): { lines: string[]; stderr: StderrLines } {
  const lines: string[] = [];
  return { lines, stderr: new StderrLines((line) => lines.push(line)) };
}

test("lines come whole however they are cut; empty ones are left out", () => {
  const { lines, stderr } = collect();
  for (const byte of Buffer.from("größe\n\n中文\nrest")) stderr.push(Buffer.from([byte]));
  expect(lines).toEqual(["größe", "中文"]);
  stderr.flush();
  expect(lines).toEqual(["größe", "中文", "rest"]);
  expect(stderr.tail).toBe("größe\n中文\nrest");
});

test("an over-long line is cut and says by how much", () => {
  const { lines, stderr } = collect();
  for (let count = 0; count < 1_024; count += 1) stderr.push(Buffer.alloc(1_024, 0x61));
  stderr.push(Buffer.from("\nnext\n"));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toBe(`${"a".repeat(16_384)} [1032192 more bytes]`);
  expect(lines[1]).toBe("next");
});

test("a flood keeps only the latest lines for the report", () => {
  const { lines, stderr } = collect();
  for (let count = 0; count < 100_000; count += 1) stderr.push(Buffer.from(`line ${count}\n`));
  expect(lines).toHaveLength(100_000);
  expect(stderr.tail.length).toBeLessThanOrEqual(8_192 + 1_000);
  expect(stderr.tail.endsWith("line 99999")).toBe(true);
});
