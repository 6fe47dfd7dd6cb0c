import { ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import { assertOutputSchema, readOutput } from "../../src/turns/output-schema.ts";

type Schema = Record<string, unknown>;

const errorsOf = async (schema: Schema): Promise<unknown> => {
  const error = await assertOutputSchema(schema).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return [];
  if (!(error instanceof ProblemError)) throw new Error("no problem came", { cause: error });
  expect(error.code).toBe("invalid");
  return error.extra?.["errors"];
};

describe("a schema at the door", () => {
  test.each<[string, Schema]>([
    ["an object", { type: "object", properties: { a: { type: "string" } }, required: ["a"] }],
    ["nothing at all", {}],
    [
      "local references, recursion too",
      { $defs: { n: { type: "array", items: { $ref: "#/$defs/n" } } }, $ref: "#/$defs/n" },
    ],
    ["an anchor", { properties: { x: { $anchor: "a" }, y: { $ref: "#a" } } }],
    ["draft 2020-12", { $schema: "https://json-schema.org/draft/2020-12/schema", prefixItems: [{}] }],
    ["draft 7", { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }] }],
    ["words that are not known", { "x-note": 1, type: "string", format: "no-such-format" }],
    ["properties with names of keywords", { properties: { $ref: { type: "string" }, pattern: { type: "number" } } }],
    ["data that looks like a reference", { const: { $ref: "http://elsewhere/" }, examples: [{ pattern: "(" }] }],
    ["a name that another schema bore before", { $id: "https://example.org/a", type: "string" }],
    ["the same name again", { $id: "https://example.org/a", type: "number" }],
    ["an asynchronous one: it is checked like any other", { $async: true, type: "string" }],
  ])("%s is taken", async (_what, schema) => {
    expect(await errorsOf(schema)).toEqual([]);
  });

  test.each<[string, Schema, string, RegExp]>([
    ["an unknown type", { type: "strng" }, "/type", /allowed values/],
    ["a type deep inside", { properties: { "a/b": { items: { type: 1 } } } }, "/properties/a~1b/items/type", /allowed/],
    ["required that is no list", { required: "a" }, "/required", /array/],
    ["a broken pattern", { properties: { a: { pattern: "(" } } }, "/properties/a/pattern", /Unterminated group/],
    ["a reference that leads nowhere", { items: { $ref: "#/$defs/no" } }, "/items/$ref", /can't resolve/],
    [
      "a reference to elsewhere",
      { items: { $ref: "https://example.org/s.json" } },
      "/items/$ref",
      /nothing is fetched/,
    ],
    ["a relative reference", { allOf: [{ $ref: "s.json" }] }, "/allOf/0/$ref", /nothing is fetched/],
    ["another dialect", { $schema: "http://json-schema.org/draft-04/schema#" }, "/$schema", /must be one of/],
    ["a dialect that is no text", { $schema: 7 }, "/$schema", /must be one of/],
  ])("%s is refused where it stands", async (_what, schema, path, message) => {
    expect(await errorsOf(schema)).toEqual([
      { path: `body.outputSchema${path}`, message: expect.stringMatching(message) },
    ]);
  });

  test("every mistake is told", async () => {
    expect(await errorsOf({ minimum: "x", required: "a" })).toMatchObject([
      { path: "body.outputSchema/minimum" },
      { path: "body.outputSchema/required" },
    ]);
  });

  test("64 KiB at most, in bytes", async () => {
    const padded = (text: string): Schema => ({ description: text });
    const overhead = JSON.stringify(padded("")).length;
    expect(await errorsOf(padded("x".repeat(65_536 - overhead)))).toEqual([]);
    expect(await errorsOf(padded("x".repeat(65_537 - overhead)))).toEqual([
      { path: "body.outputSchema", message: "has 65537 bytes; at most 65536 are taken" },
    ]);
    expect(await errorsOf(padded("ä".repeat(40_000)))).toHaveLength(1);
  });
});

const answer = (...texts: string[]) =>
  texts.map((text, i) => ({ itemId: `a${i}`, type: "agentMessage", state: "completed" as const, text }));

describe("the answer", () => {
  const SCHEMA = {
    type: "object",
    properties: { name: { type: "string" }, "a/b": { type: "array", items: { type: "integer" } } },
    required: ["name"],
    additionalProperties: false,
  };

  test("that fits is the output", async () => {
    expect(await readOutput(SCHEMA, answer('{"name": "n", "a/b": [1]}'))).toEqual({
      output: { name: "n", "a/b": [1] },
    });
    expect(await readOutput({ type: "null" }, answer("null"))).toEqual({ output: null });
  });

  test("that does not fit: every place, as a JSON pointer", async () => {
    expect(await readOutput(SCHEMA, answer('{"a/b": [1, "x"], "more": 1}'))).toEqual({
      outputErrors: [
        { path: "", message: "must have required property 'name'" },
        { path: "", message: 'must NOT have additional properties: "more"' },
        { path: "/a~1b/1", message: "must be integer" },
      ],
    });
  });

  test("is checked at once, whatever the schema says of itself", async () => {
    expect(await readOutput({ $async: true, type: "string" }, answer("5"))).toEqual({
      outputErrors: [{ path: "", message: "must be string" }],
    });
  });

  test("that is no JSON, or is not there", async () => {
    expect(await readOutput(SCHEMA, answer("Sure! {}"))).toEqual({
      outputErrors: [{ path: "", message: expect.stringMatching(/^is not JSON: /) }],
    });
    expect(await readOutput(SCHEMA, [])).toEqual({ outputErrors: [{ path: "", message: "there is no answer" }] });
  });

  test("is the last thing said that is no commentary", async () => {
    const items = [
      ...answer("First I look.", '{"name": "n"}'),
      { itemId: "c", type: "agentMessage", state: "completed" as const, text: "Done.", phase: "commentary" },
      { itemId: "r", type: "reasoning", state: "completed" as const, text: "{}" },
    ];
    expect(await readOutput(SCHEMA, items)).toEqual({ output: { name: "n" } });
  });

  test("with a hundred mistakes and more: a hundred are told", async () => {
    const { outputErrors } = await readOutput(
      { items: { type: "string" } },
      answer(JSON.stringify(Array(500).fill(1))),
    );
    expect(outputErrors).toHaveLength(100);
  });

  test("on which a pattern backtracks without end does not hold up the service", async () => {
    const schema = { type: "string", pattern: "^(a+)+$" };
    expect(await errorsOf(schema)).toEqual([]);
    expect(await readOutput(schema, answer(JSON.stringify(`${"a".repeat(50)}!`)))).toEqual({
      outputErrors: [{ path: "", message: "could not be checked within 1000 ms" }],
    });
  });

  test("nested more deeply than the stack", async () => {
    const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
    const { outputErrors, output } = await readOutput(
      { $ref: "#/$defs/n", $defs: { n: { items: { $ref: "#/$defs/n" } } } },
      answer(deep),
    );
    if (output === undefined)
      expect(outputErrors).toEqual([{ path: "", message: "is nested too deeply to be checked" }]);
    else expect(output).toEqual(JSON.parse(deep));
  });
});
