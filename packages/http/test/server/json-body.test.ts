import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonBody } from "../../src/server/json-body.ts";

const parse = (text: string): unknown => parseJsonBody(Buffer.from(text));

describe("JSON bodies", () => {
  it("what is good JSON is read as JSON.parse reads it", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 10 }), (text) => {
        const wanted: unknown = JSON.parse(text);
        // fc.json may make a forbidden key; such a text is another test's.
        if (/__proto__|constructor|prototype/.test(text)) return;
        expect(parse(text)).toEqual(wanted);
      }),
      { numRuns: 2000 },
    );
  });

  it("what JSON.parse refuses is refused", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('"', "{", "]", "\\", ",", ":", "x"), (text, at, noise) => {
        const broken = text.slice(0, at % (text.length + 1)) + noise + text.slice(at % (text.length + 1));
        let isJson = true;
        try {
          JSON.parse(broken);
        } catch {
          isJson = false;
        }
        if (!isJson) expect(() => parse(broken)).toThrow(expect.objectContaining({ code: "bad_request" }));
      }),
      { numRuns: 2000 },
    );
  });

  it("64 levels pass, 65 do not", () => {
    const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
    expect(parse(nested(64))).toBeInstanceOf(Array);
    expect(() => parse(nested(65))).toThrow("nested deeper than 64");
  });

  it("the same key in different objects, and in strings, is fine", () => {
    expect(parse('{"a":{"a":1},"b":[{"a":2},{"a":3}],"c":"{\\"a\\":1,\\"a\\":2} \\\\"}')).toEqual({
      a: { a: 1 },
      b: [{ a: 2 }, { a: 3 }],
      c: '{"a":1,"a":2} \\',
    });
    expect(parse('{"text":"__proto__","list":["constructor"]}')).toEqual({ text: "__proto__", list: ["constructor"] });
  });

  it.each(['{"__proto__" :1}', '{ "__proto__"\n\t: 1}', '{"\\u005F\\u005fproto__":1}', '{"a\\\\":1,"a\\u005c":2}'])(
    "%s is refused",
    (text) => {
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: "bad_request" }));
    },
  );

  it("an empty body is none", () => {
    expect(parse("")).toBeUndefined();
  });

  it.each([
    ["a million levels", "[".repeat(1_000_000)],
    ["a million keys", `{${Array.from({ length: 1_000_000 }, (_, i) => `"${i}":1`).join()}}`],
    ["a number of a million digits", "1".repeat(1_000_000)],
    ["four million quotes", '"'.repeat(4_000_000)],
    ["eight million backslashes", `"${"\\".repeat(8_000_000)}`],
    ["four million escaped quotes", `"${'\\"'.repeat(4_000_000)}`],
  ])("%s are refused in bounded time", (_name, text) => {
    const bytes = Buffer.from(text);
    const startedMs = performance.now();
    expect(() => parseJsonBody(bytes)).toThrow(expect.objectContaining({ code: "bad_request" }));
    // Milliseconds when it is linear, on a quiet machine; hours when it is not.
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});
