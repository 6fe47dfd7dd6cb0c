import { describe, expect, test } from "vitest";
import { LineSplitter, LineTooLongError } from "../../src/framing/line-splitter.ts";
import { CORPUS } from "../support/corpus.ts";

function feed(chunks: readonly Buffer[], lineBytesMax?: number): string[] {
  const splitter = new LineSplitter(lineBytesMax === undefined ? {} : { lineBytesMax });
  return chunks.flatMap((chunk) => splitter.push(chunk).map((line) => Buffer.from(line).toString("utf8")));
}

describe("a multi-script corpus", () => {
  const bytes = Buffer.from(CORPUS.map((line) => `${line}\n`).join(""), "utf8");

  test("comes out the same at every split point", () => {
    for (let at = 0; at <= bytes.length; at += 1) {
      const lines = feed([bytes.subarray(0, at), bytes.subarray(at)]);
      if (lines.length !== CORPUS.length || lines.some((line, index) => line !== CORPUS[index])) {
        expect(lines, `split at byte ${at}`).toEqual(CORPUS);
      }
    }
    expect(bytes.length).toBeGreaterThan(16_384);
  });

  test.each([1, 2, 3, 5, 7, 64, 1021])("comes out the same in chunks of %i bytes", (size) => {
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    expect(feed(chunks)).toEqual(CORPUS);
  });
});

test("several lines of one chunk come at once, the unfinished one later", () => {
  const splitter = new LineSplitter();
  expect(splitter.push(Buffer.from("a\n\nb\nc")).map(String)).toEqual(["a", "", "b"]);
  expect(splitter.pendingBytes).toBe(1);
  expect(splitter.push(Buffer.from("d\n")).map(String)).toEqual(["cd"]);
  expect(splitter.pendingBytes).toBe(0);
});

test("a line that was given out is not overwritten by later chunks", () => {
  const splitter = new LineSplitter();
  splitter.push(Buffer.from("first "));
  const [line] = splitter.push(Buffer.from("line\nsecond"));
  splitter.push(Buffer.from(" line that is longer\n"));
  expect(String(line)).toBe("first line");
});

describe("the limit", () => {
  test("a line of exactly the limit passes, one byte more is refused", () => {
    expect(feed([Buffer.from("12345678\n")], 8)).toEqual(["12345678"]);
    expect(feed([Buffer.from("1234"), Buffer.from("5678"), Buffer.from("\n")], 8)).toEqual(["12345678"]);
    expect(() => feed([Buffer.from("123456789\n")], 8)).toThrow(LineTooLongError);
    expect(() => feed([Buffer.from("1234"), Buffer.from("56789\n")], 8)).toThrow("a line is longer than 8 bytes");
  });

  test("an endless line is refused without waiting for its newline", () => {
    expect(() => feed([Buffer.from("12345678"), Buffer.from("9")], 8)).toThrow(LineTooLongError);
  });

  test("the lines before the long one come with the error, and nothing comes after it", () => {
    const splitter = new LineSplitter({ lineBytesMax: 4 });
    expect(lineTooLong(splitter, "ok\nfine\ntoo long\nlost\n").lines.map(String)).toEqual(["ok", "fine"]);
    expect(lineTooLong(splitter, "more\n").lines).toEqual([]);
  });

  test("64 MiB pass in linear time, one byte more is refused", () => {
    const chunk = Buffer.alloc(65_536, 0x61);
    const splitter = new LineSplitter();
    const started = performance.now();
    for (let count = 0; count < 1024; count += 1) expect(splitter.push(chunk)).toEqual([]);
    const [line] = splitter.push(Buffer.from("\n"));
    expect(line?.length).toBe(67_108_864);
    expect(performance.now() - started).toBeLessThan(3_000);

    for (let count = 0; count < 1024; count += 1) splitter.push(chunk);
    expect(() => splitter.push(Buffer.from("a"))).toThrow("a line is longer than 67108864 bytes");
    expect(splitter.pendingBytes).toBe(0);
  });

  test("a long line in tiny chunks stays linear", () => {
    const splitter = new LineSplitter();
    const tiny = Buffer.from("abc");
    const started = performance.now();
    for (let count = 0; count < 1_000_000; count += 1) splitter.push(tiny);
    expect(splitter.push(Buffer.from("\n"))[0]?.length).toBe(3_000_000);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

function lineTooLong(splitter: LineSplitter, text: string): LineTooLongError {
  try {
    splitter.push(Buffer.from(text));
  } catch (error) {
    if (error instanceof LineTooLongError) return error;
  }
  throw new Error("nothing was refused");
}
