import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor } from "../../src/events/redact.ts";

const TOKEN = "tok-3f9a77c1e2d84b50";
const OTHER = "shared-0011223344556677";
const redact = createRedactor(() => [TOKEN, OTHER]);

test("a token anywhere in a value is masked, as often as it stands there", () => {
  expect(redact(`a ${TOKEN} b ${TOKEN}${OTHER}`)).toBe("a [redacted] b [redacted][redacted]");
  expect(redact({ item: { output: [`x${TOKEN}`, 1, null, true] } })).toEqual({
    item: { output: ["x[redacted]", 1, null, true] },
  });
});

test("a token as a key is masked too", () => {
  expect(redact({ files: { [`/tmp/${TOKEN}`]: 1, b: 2 } })).toEqual({ files: { "/tmp/[redacted]": 1, b: 2 } });
});

test("values without a token are returned as they are, the same object", () => {
  const value = { a: ["b", { c: 1 }] };
  expect(redact(value)).toBe(value);
  const mixed = { keep: value, change: TOKEN };
  expect(redact(mixed).keep).toBe(value);
});

test("what came in is not changed", () => {
  const value = { a: TOKEN, list: [TOKEN] };
  redact(value);
  expect(value).toEqual({ a: TOKEN, list: [TOKEN] });
});

test("without live tokens nothing is looked at; they are asked for each time", () => {
  let tokens: string[] = [];
  const late = createRedactor(() => tokens);
  expect(late(TOKEN)).toBe(TOKEN);
  tokens = [TOKEN];
  expect(late(TOKEN)).toBe("[redacted]");
});

test("property: no token is left in any JSON, and JSON without one stays the same", () => {
  const text = fc.oneof(
    fc.string(),
    fc.tuple(fc.string(), fc.string()).map(([a, b]) => `${a}${TOKEN}${b}`),
  );
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      text,
      fc.integer(),
      fc.constant(null),
      fc.array(tie("value")),
      fc.dictionary(text, tie("value")),
    ),
  })).value;
  fc.assert(
    fc.property(json, (value) => {
      const out = JSON.stringify(redact(value));
      expect(out).not.toContain(TOKEN);
      if (!JSON.stringify(value).includes(TOKEN)) expect(redact(value)).toBe(value);
    }),
  );
});
